/* What the browser's phone does next, as one table: (state, event) -> state and commands.
   Pure; microphones, peer connections and timers live in `webrtc.ts` and `phone.ts`. */

export type PhoneState = 'none' | 'asking_mic' | 'connecting' | 'up' | 'lost' | 'elsewhere'

export type PhoneEvent =
  | 'want' /* the agent goes ready, or the page came back in the middle of work */
  | 'close' /* the agent goes offline or signs out */
  | 'mic_given'
  | 'mic_refused'
  | 'mic_gone' /* the headset was unplugged */
  | 'mic_back' /* the browser reports a changed set of devices */
  | 'answered' /* the engine answered our offer */
  | 'refused' /* the engine or the floor refused our offer */
  | 'media_up'
  | 'media_lost'
  | 'timed_out'
  | 'retry'
  | 'taken' /* another tab holds the phone now */
  | 'take_over'
  | 'link_back' /* the live socket is open again */

export type PhoneCommand =
  'ask_mic' | 'offer' | 'accept' | 'hang' | 'arm' | 'disarm' | 'retry_later'

export type Step = readonly [PhoneState, ...PhoneCommand[]]
type Row = Record<PhoneEvent, Step | null>

/* null: nothing to do, the event changes nothing in this state. Every pair is written out, so a new event
   or state does not compile until somebody has thought about all of its cells. */
export const TABLE: Record<PhoneState, Row> = {
  none: {
    want: ['asking_mic', 'ask_mic'],
    close: null,
    mic_given: ['none', 'hang'],
    mic_refused: null,
    mic_gone: null,
    mic_back: null,
    answered: null,
    refused: null,
    media_up: null,
    media_lost: null,
    timed_out: null,
    retry: null,
    taken: ['elsewhere'],
    take_over: ['asking_mic', 'ask_mic'],
    link_back: null,
  },
  asking_mic: {
    want: null,
    close: ['none', 'hang'],
    mic_given: ['connecting', 'arm', 'offer'],
    mic_refused: ['lost', 'hang'],
    mic_gone: ['lost', 'hang'],
    mic_back: null,
    answered: null,
    refused: null,
    media_up: null,
    media_lost: null,
    timed_out: null,
    retry: null,
    taken: ['elsewhere', 'hang'],
    take_over: null,
    link_back: null,
  },
  connecting: {
    want: null,
    close: ['none', 'disarm', 'hang'],
    mic_given: null,
    mic_refused: null,
    mic_gone: ['lost', 'disarm', 'hang'],
    mic_back: null,
    answered: ['connecting', 'accept'],
    refused: ['lost', 'disarm', 'hang', 'retry_later'],
    media_up: ['up', 'disarm'],
    media_lost: ['lost', 'disarm', 'hang', 'retry_later'],
    timed_out: ['lost', 'hang', 'retry_later'],
    retry: null,
    taken: ['elsewhere', 'disarm', 'hang'],
    take_over: null,
    // The answer to the old offer went to the old socket: offer again on the new one.
    link_back: ['connecting', 'arm', 'offer'],
  },
  up: {
    want: null,
    close: ['none', 'hang'],
    mic_given: null,
    mic_refused: null,
    mic_gone: ['lost', 'hang'],
    mic_back: null,
    answered: null,
    refused: null,
    media_up: null,
    media_lost: ['lost', 'hang', 'retry_later'],
    timed_out: null,
    retry: null,
    taken: ['elsewhere', 'hang'],
    take_over: null,
    // Sound flows beside the socket: a lost socket is no reason to drop a talk.
    link_back: null,
  },
  lost: {
    want: ['asking_mic', 'disarm', 'ask_mic'],
    close: ['none', 'disarm', 'hang'],
    mic_given: ['lost', 'hang'],
    mic_refused: null,
    mic_gone: null,
    mic_back: ['asking_mic', 'disarm', 'ask_mic'],
    answered: null,
    refused: null,
    media_up: null,
    media_lost: null,
    timed_out: null,
    retry: ['asking_mic', 'ask_mic'],
    taken: ['elsewhere', 'disarm'],
    take_over: ['asking_mic', 'disarm', 'ask_mic'],
    link_back: ['asking_mic', 'disarm', 'ask_mic'],
  },
  elsewhere: {
    want: null,
    close: ['none'],
    mic_given: ['elsewhere', 'hang'],
    mic_refused: null,
    mic_gone: null,
    mic_back: null,
    answered: null,
    refused: null,
    media_up: null,
    media_lost: null,
    timed_out: null,
    retry: null,
    taken: null,
    take_over: ['asking_mic', 'ask_mic'],
    link_back: null,
  },
}

/** Returns the next state and what to do; an event without meaning in a state changes nothing. */
export function step(state: PhoneState, event: PhoneEvent): Step {
  return TABLE[state][event] ?? [state]
}
