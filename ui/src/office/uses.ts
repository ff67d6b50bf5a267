/* What a column of a list may be: the ids are the server's, in the order in which they are offered. */

const NAMES = ['name', 'first_name', 'middle_name', 'last_name'] as const

export const USES = ['phone', ...NAMES, 'language', 'zone', 'consent', 'field', 'ignored'] as const
