import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compile } from '../../../runtime/program/compile.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { pick } from '../../chaos/random.ts'
import { damagedBytes } from '../../orchestrator/fuzz/damage.ts'
import { fuzzRounds, fuzzTimeout } from '../../orchestrator/fuzz/fuzz-settings.ts'
import { sampleInput } from '../../runtime/program/sample-config.ts'
import { shim } from './zygote-client.ts'

// Programs with damaged bytes: the shim takes or refuses them, and is never what breaks. native/shim/fuzz/run.sh looks for
// new ones by coverage.

const corpus = join(import.meta.dirname, '../../../native/shim/fuzz/corpus')

t.test('damaged programs are taken or refused', { timeout: fuzzTimeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'program')
  const whole = [
    Buffer.from(encodeProgram(compile(sampleInput()))),
    ...readdirSync(corpus).map((name) => readFileSync(join(corpus, name))),
  ]
  let [taken, refused] = [0, 0]
  for (const { seed, random } of fuzzRounds(150)) {
    // The compiled one is what damage matters most to.
    const [compiled, ...others] = whole as [Buffer, ...Buffer[]]
    let bytes = random() < 0.6 ? compiled : pick(random, others)
    for (let times = 0; times <= Math.floor(random() * 3); times++)
      bytes = damagedBytes(random, bytes)
    writeFileSync(path, bytes)
    const { status, signal } = spawnSync(shim, ['check', path])
    if (status === 0) taken++
    else refused++
    if (signal !== null || (status !== 0 && status !== 1))
      t.fail(`seed ${seed}: ${signal ?? status}`)
  }
  t.ok(refused > 0, `${taken} taken, ${refused} refused`)
})
