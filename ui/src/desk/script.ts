/* Fills the words to say with the customer's own facts. Pure. */

export type Piece = { text: string; kind: 'plain' | 'filled' | 'missing' }

/** Splits "Hello, {{name}}" into plain pieces, filled variables and variables nobody knows. */
export function pieces(text: string, facts: Record<string, string>): Piece[] {
  const found: Piece[] = []
  const known = new Map(
    Object.entries(facts).map(([name, value]) => [name.trim().toLowerCase(), value]),
  )
  let from = 0
  for (const match of text.matchAll(/\{\{\s*([^{}]+?)\s*\}\}/gu)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), kind: 'plain' })
    const name = match[1] ?? ''
    const value = known.get(name.toLowerCase())
    found.push(value ? { text: value, kind: 'filled' } : { text: name, kind: 'missing' })
    from = match.index + match[0].length
  }
  if (from < text.length) found.push({ text: text.slice(from), kind: 'plain' })
  return found
}

/** The text as one line, for the hint of what comes next. */
export function plainText(text: string, facts: Record<string, string>): string {
  return pieces(text, facts)
    .map((piece) => (piece.kind === 'missing' ? '…' : piece.text))
    .join('')
}
