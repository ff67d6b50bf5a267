import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('there are fewer than twenty direct dependencies', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  expect(Object.keys({ ...dependencies, ...devDependencies }).length).toBeLessThan(20)
})

test('the lock names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/registry/u)
})

test('raw colours stand in the tokens only', () => {
  for (const sheet of [
    'desk/desk',
    'door/door',
    'floor/floor',
    'office/office',
    'reports/reports',
    'kit/shell',
  ]) {
    expect(read(`src/${sheet}.css`)).not.toMatch(/#[0-9a-f]{6}\b/iu)
  }
})
