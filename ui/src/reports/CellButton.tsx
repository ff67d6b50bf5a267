/* A figure that opens what it is made of. */
import type { Cell } from '../api/evidence.ts'
import { useWords } from '../kit/prefs.ts'
import type { Opened } from './Reports.tsx'

export type Opening = { open: (opened: Opened) => void; opened: string | null }

export function CellButton(
  props: Opening & { cell: Cell | undefined; title: string; say?: string },
) {
  const { num } = useWords()
  if (!props.cell) return <span className="ink3">–</span>
  const { facts, value } = props.cell
  const say = props.say ?? num(value)
  if (value === 0) return <span className="ink3">{say}</span>
  return (
    <button
      type="button"
      className="cellbtn"
      aria-pressed={props.opened === facts}
      onClick={() => props.open({ title: props.title, figure: say, facts })}
    >
      {say}
    </button>
  )
}
