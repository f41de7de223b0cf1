import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { shim } from './zygote-client.ts'

const corpus = join(import.meta.dirname, '../../../native/shim/fuzz/corpus')

t.test('what the fuzzer found is accepted or refused, never fatal', async (t) => {
  for (const name of readdirSync(corpus)) {
    const { status, signal } = spawnSync(shim, ['check', join(corpus, name)])
    t.ok(signal === null && (status === 0 || status === 1), name)
  }
})
