/* Unit tests: pure code in plain Node, no browser and no sleeping. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/unit/**/*.test.ts'],
    pool: 'threads',
    maxWorkers: 2,
    setupFiles: ['tests/unit/setup.ts'],
  },
})
