/* The offer a new "press 1" campaign begins with; the prompts are those that come with the product. */
export const FIRST_FLOW = {
  start: 'offer',
  on_machine: 'hang_up',
  steps: {
    offer: {
      do: 'announce',
      prompt: 'offer',
      keys: { '1': 'operator', '2': 'later', '9': 'stop' },
      wait_s: 6,
      repeats: 1,
      on_silence: 'bye',
    },
    operator: { do: 'connect', prompt: 'please_wait', wait_s: 10 },
    later: { do: 'callback', after_s: 3600, prompt: 'will_call_back' },
    stop: { do: 'suppress', prompt: 'removed' },
    bye: { do: 'hang_up', prompt: 'goodbye', result: 'no_key' },
  },
}

type Step = { do: string; prompt?: string; keys?: Record<string, string> }
type Flow = { start?: string; on_machine?: unknown; steps?: Record<string, Step> }

/** What each key of the first announcement leads to, for showing: [["1", "connect"], …]. */
export function keysOf(flow: unknown): [string, string][] {
  const read = flow as Flow | null
  const first = read?.steps?.[read.start ?? '']
  return Object.entries(first?.keys ?? {}).map(([key, step]) => [
    key,
    read?.steps?.[step]?.do ?? '',
  ])
}
