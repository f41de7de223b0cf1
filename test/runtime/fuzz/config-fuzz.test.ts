import t from 'tap'
import { type ErrorCode, OperationError } from '../../../native/error.ts'
import type { Json } from '../../../orchestrator/api/object.ts'
import { readHostFacts } from '../../../runtime/inspect-host/host-facts.ts'
import { grantableProcess } from '../../../runtime/oci/grantable-capabilities.ts'
import { planGroups } from '../../../runtime/oci/oci-cgroup.ts'
import { compile } from '../../../runtime/program/compile.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { parseProfileFile } from '../../../runtime/security/seccomp/profile-file.ts'
import { defaultProfile } from '../../../runtime/security/seccomp/default-profile.ts'
import { parseConfig } from '../../../runtime/spec/config.ts'
import { stringifyJson } from '../../../runtime/spec/json.ts'
import { damaged, damagedBytes } from '../../orchestrator/fuzz/damage.ts'
import { fuzzRounds, fuzzTimeout } from '../../orchestrator/fuzz/fuzz-settings.ts'
import { pick, type Random } from '../../chaos/random.ts'
import { sampleConfig, sampleInput } from '../program/sample-config.ts'
import { fullConfig } from '../spec/full-config.ts'

// Configurations with something wrong in them: each is a program, or is refused in words.

const refusals: readonly ErrorCode[] = [
  'INVALID_SPEC',
  'INVALID_ARGUMENT',
  'UNSUPPORTED',
  'NOT_FOUND',
]

/** Undefined: it is a deliberate refusal. */
function defectOf(error: unknown): string | undefined {
  if (error instanceof OperationError && refusals.includes(error.code)) return undefined
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function textOf(random: Random): string {
  const whole = pick(random, [fullConfig, sampleConfig()]) as unknown as Json
  const text = stringifyJson(damaged(random, whole, pick(random, [0, 0.005, 0.02, 0.1])))
  if (random() < 0.7) return text
  return damagedBytes(random, Buffer.from(text)).toString()
}

t.test('config.json', { timeout: fuzzTimeout }, async (t) => {
  const facts = readHostFacts()
  let [made, read, refused] = [0, 0, 0]
  for (const { seed, random } of fuzzRounds(1_200)) {
    const text = textOf(random)
    try {
      const whole = parseConfig(text)
      read++
      const { process } = whole
      const config = process
        ? { ...whole, process: grantableProcess(process, whole, facts, () => undefined) }
        : whole
      const cgroup = planGroups('fuzzed', config, facts, 'cgroupfs')
      encodeProgram(compile(sampleInput({ config, cgroup })))
      made++
    } catch (error) {
      refused++
      const defect = defectOf(error)
      if (defect !== undefined) t.fail(`seed ${seed}: ${defect}`, { text })
    }
  }
  t.ok(made > 0 && refused > 0, `${read} read, ${made} compiled, ${refused} refused`)
})

t.test('seccomp profiles', { timeout: fuzzTimeout }, async (t) => {
  const whole = defaultProfile as unknown as Json
  let refused = 0
  for (const { seed, random } of fuzzRounds(30)) {
    const text = JSON.stringify(damaged(random, whole, 0.001))
    try {
      parseProfileFile(random() < 0.5 ? text : damagedBytes(random, Buffer.from(text)).toString())
    } catch (error) {
      refused++
      const defect = defectOf(error)
      if (defect !== undefined) t.fail(`seed ${seed}: ${defect}`)
    }
  }
  t.ok(refused > 0)
})
