/* Applies RFC 7386 merge patches to the live state.
   Pure: untouched branches keep their identity, so a screen repaints only what changed. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
type Obj = { [key: string]: Json }

const isObject = (value: Json | undefined): value is Obj =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns `target` with `patch` merged in: null removes a member, arrays replace (RFC 7386 §2). */
export function applyPatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const base: Obj = isObject(target) ? target : {}
  let next: Obj | null = isObject(target) ? null : {}
  for (const [key, value] of Object.entries(patch)) {
    const had = Object.hasOwn(base, key)
    if (value === null) {
      if (had) {
        next ??= { ...base }
        delete next[key]
      }
      continue
    }
    const merged = applyPatch(had ? base[key] : undefined, value)
    if (!had || merged !== base[key]) {
      next ??= { ...base }
      // A key such as "__proto__" from outside must stay a plain member.
      Object.defineProperty(next, key, {
        value: merged,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
  }
  return next ?? base
}
