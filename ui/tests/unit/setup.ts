/* The few globals of a browser that modules touch when they are loaded; the tested code is pure. */
const kept = new Map<string, string>()
const stubs: Record<string, unknown> = {
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  },
  matchMedia: () => ({ matches: false, addEventListener: () => undefined }),
  document: { documentElement: { dataset: {} }, body: { append: () => undefined } },
  navigator: { language: 'en-GB' },
  location: { protocol: 'http:', host: '127.0.0.1' },
  Audio: function Audio() {},
}
for (const [name, value] of Object.entries(stubs)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}
Object.defineProperty(globalThis, 'window', { value: globalThis, configurable: true })
