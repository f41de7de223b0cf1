import type { JsonObject } from '../object.ts'
import { invalidValue } from '../validation/field-error.ts'
import type { FieldError } from '../validation/field-error.ts'
import { baselineChecks } from './baseline-checks.ts'
import type { Violation } from './check.ts'
import { restrictedChecks } from './restricted-checks.ts'

// Which standard a namespace asks for, by its labels. https://kubernetes.io/docs/concepts/security/pod-security-admission/

const levels = ['privileged', 'baseline', 'restricted'] as const
const modes = ['enforce', 'audit', 'warn'] as const

export type PodSecurityLevel = (typeof levels)[number]

export interface Standard {
  readonly level: PodSecurityLevel
  /** Minor number; Infinity is the latest. */
  readonly version: number
}

export type PodSecurityPolicy = Readonly<Record<(typeof modes)[number], Standard>>

const prefix = 'pod-security.kubernetes.io/'

/** What labels say that cannot be read is taken for the strictest when it is to be enforced, and for nothing otherwise. */
export function readPolicy(labels: Readonly<Record<string, string>> = {}): {
  policy: PodSecurityPolicy
  errors: FieldError[]
} {
  const errors: FieldError[] = []
  const fail = (label: string, why: string) =>
    errors.push(invalidValue(`metadata.labels[${prefix}${label}]`, labels[prefix + label], why))
  const standards = modes.map((mode) => {
    const wanted = labels[prefix + mode] ?? 'privileged'
    const known = levels.find((one) => one === wanted)
    if (!known) fail(mode, `must be one of ${levels.join(', ')}`)
    const version = labels[`${prefix}${mode}-version`] ?? 'latest'
    const minor = /^v1\.(\d|[1-9]\d+)$/.exec(version)?.[1]
    if (minor === undefined && version !== 'latest')
      fail(`${mode}-version`, 'must be "latest" or "v1.x"')
    const level = known ?? (mode === 'enforce' ? 'restricted' : 'privileged')
    return { level, version: minor === undefined ? Infinity : Number(minor) }
  })
  const [enforce, audit, warn] = standards as [Standard, Standard, Standard]
  return { policy: { enforce, audit, warn }, errors }
}

/** `restricted:latest`, `baseline:v1.30` */
export function standardText({ level, version }: Standard): string {
  return `${level}:${version === Infinity ? 'latest' : `v1.${version}`}`
}

/** Whether one asks for more than another of the same version. */
export function isStricter(one: Standard, other: Standard): boolean {
  return levels.indexOf(one.level) > levels.indexOf(other.level)
}

/** Where a pod, or a template, does not hold to a standard. */
export function findViolations(
  { level, version }: Standard,
  spec: JsonObject,
  annotations: Readonly<Record<string, string>> = {},
): Violation[] {
  if (level === 'privileged') return []
  const inOrder =
    level === 'baseline'
      ? [...baselineChecks]
      : [...baselineChecks.filter(({ isReplaced }) => !isReplaced), ...restrictedChecks]
  return inOrder
    .filter(({ since = 0 }) => since <= version)
    .flatMap(({ check }) => check({ spec, annotations, version }) ?? [])
}

export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')
}
