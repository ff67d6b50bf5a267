/* Encodings under the names people know. Pure. */

/** What a person may say a file is written in, when it was not found rightly. */
export const ENCODINGS = ['utf_8', 'utf_16', 'cp1251', 'cp866', 'koi8_r', 'cp1252'] as const

/** The name of an encoding as people know it: "UTF-8", "Windows-1251". */
export function encodingName(encoding: string): string {
  const plain = encoding.toLowerCase().replaceAll('_', '-')
  if (plain.startsWith('utf-8')) return 'UTF-8'
  return plain
    .replace(/^cp(125\d)$/u, 'Windows-$1')
    .replace(/^(cp|utf|koi8)/u, (whole) => whole.toUpperCase())
}
