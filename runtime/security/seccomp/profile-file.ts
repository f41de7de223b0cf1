import * as z from 'zod/mini'
import { OperationError } from '../../../native/error.ts'
import { parseJson } from '../../spec/json.ts'
import { once } from '../../spec/once.ts'
import { requireValid } from '../../spec/problem.ts'
import type { Check, Report } from '../../spec/problem.ts'
import { seccompArchitectures, seccompRuleShape, seccompShape } from '../../spec/seccomp.ts'
import type { KernelVersion } from './action.ts'
import type { Profile, ProfileRule, RuleFilter } from './profile.ts'

const filterSchema = once(() =>
  z.object({
    caps: z.optional(z.array(z.string())),
    arches: z.optional(z.array(z.string())),
    /** `4.8` */
    minKernel: z.optional(z.string()),
  }),
)

const ruleSchema = once(() =>
  z.object({
    ...seccompRuleShape(),
    names: z.optional(z.array(z.string())),
    /** Old form of `names`. */
    name: z.optional(z.string()),
    includes: z.optional(filterSchema()),
    excludes: z.optional(filterSchema()),
  }),
)

const fileSchema = once(() => {
  const architecture = z.enum(seccompArchitectures)
  const entry = z.object({ architecture, subArchitectures: z.optional(z.array(architecture)) })
  return z.object({
    ...seccompShape(),
    archMap: z.optional(z.array(entry)),
    syscalls: z.optional(z.array(ruleSchema())),
  })
})

type ProfileFile = z.infer<ReturnType<typeof fileSchema>>
type RuleInFile = z.infer<ReturnType<typeof ruleSchema>>

const MAX_PROFILE_LENGTH = 4 * 1024 * 1024

/**
 * Read the file of `--security-opt seccomp=FILE`: Docker's form, with conditions on rules, or the
 * plain section of an OCI configuration.
 * @throws {OperationError} `INVALID_SPEC` with every wrong field
 */
export function parseProfileFile(text: string, path?: string): Profile {
  const what = path === undefined ? 'seccomp profile' : `seccomp profile ${path}`
  const value = parseJson(text, {
    what,
    maxLength: MAX_PROFILE_LENGTH,
    hint: 'A profile is a file of JSON: correct it there, "jq ." finds the place',
  })
  const file = requireValid(value, fileSchema(), [checkForms, checkKernels], `check ${what}`)
  return { ...file, syscalls: (file.syscalls ?? []).map(toRule) }
}

const checkForms: Check<ProfileFile> = ({ architectures, archMap, syscalls }, report) => {
  if ((architectures?.length ?? 0) > 0 && (archMap?.length ?? 0) > 0)
    report('archMap', 'nothing beside architectures')
  syscalls?.forEach(({ name, names }, index) => {
    const path = `syscalls[${index}]`
    const hasNames = (names?.length ?? 0) > 0
    if (name === undefined && !hasNames) report(`${path}.names`, 'at least one system call')
    if (name !== undefined && name !== '' && hasNames)
      report(`${path}.name`, 'nothing beside names', name)
  })
}

const checkKernels: Check<ProfileFile> = ({ syscalls }, report) => {
  syscalls?.forEach(({ includes, excludes }, index) => {
    checkKernel(includes?.minKernel, `syscalls[${index}].includes.minKernel`, report)
    checkKernel(excludes?.minKernel, `syscalls[${index}].excludes.minKernel`, report)
  })
}

function checkKernel(version: string | undefined, path: string, report: Report): void {
  if (
    version !== undefined &&
    version !== '' &&
    readKernelVersion(version, /^(\d+)\.(\d+)$/) === undefined
  )
    report(path, 'a version such as 4.8', version)
}

/**
 * Major and minor number of a kernel release as uname(2) gives it: `6.18.44-cloud`.
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseKernelRelease(release: string): KernelVersion {
  const version = readKernelVersion(release, /^(\d+)\.(\d+)/)
  if (version === undefined)
    throw new OperationError('INVALID_ARGUMENT', 'read a kernel release', { release })
  return version
}

function readKernelVersion(text: string, form: RegExp): KernelVersion | undefined {
  const match = form.exec(text)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) }
}

function toRule({ name, names, includes, excludes, ...rule }: RuleInFile): ProfileRule {
  return {
    ...rule,
    names: names !== undefined && names.length > 0 ? names : [name ?? ''],
    ...(includes === undefined ? {} : { includes: toFilter(includes) }),
    ...(excludes === undefined ? {} : { excludes: toFilter(excludes) }),
  }
}

function toFilter({
  caps,
  arches,
  minKernel,
}: z.infer<ReturnType<typeof filterSchema>>): RuleFilter {
  const version =
    minKernel === undefined || minKernel === '' ? undefined : parseKernelRelease(minKernel)
  return { caps, arches, minKernel: version }
}
