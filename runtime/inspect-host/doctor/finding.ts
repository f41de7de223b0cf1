/** ok: works. warn: something works less well. missing: something does not work at all. */
export type FindingLevel = 'ok' | 'warn' | 'missing'

export interface Finding {
  /** Group of checks: `kernel`, `namespaces`, `cgroups`, … */
  readonly group: string
  readonly name: string
  readonly level: FindingLevel
  /** What was found, and what a gap costs. */
  readonly meaning: string
  /** What to do about it, exactly; absent when nothing has to be done. */
  readonly fix?: string | undefined
  /** Whether containers cannot run at all without it. */
  readonly isRequired: boolean
}

export interface DoctorReport {
  /** Whether containers can run on this host. */
  readonly canRun: boolean
  /** 0 when containers can run, else 1. */
  readonly exitCode: 0 | 1
  readonly findings: readonly Finding[]
}

interface CheckText {
  readonly ok: string
  readonly gap: string
  readonly fix?: string | undefined
}

/** A collector of findings for one group. */
export interface Checks {
  readonly findings: Finding[]
  /** Without it no container runs. */
  readonly require: (name: string, holds: boolean, text: CheckText) => void
  /** Without it something does not work. */
  readonly expect: (name: string, holds: boolean, text: CheckText) => void
  /** Without it something works less well. */
  readonly prefer: (name: string, holds: boolean, text: CheckText) => void
}

export function startChecks(group: string): Checks {
  const findings: Finding[] = []
  const add =
    (gapLevel: FindingLevel, isRequired: boolean) =>
    (name: string, holds: boolean, { ok, gap, fix }: CheckText): void => {
      const level = holds ? 'ok' : gapLevel
      const meaning = holds ? ok : gap
      findings.push({ group, name, level, meaning, fix: holds ? undefined : fix, isRequired })
    }
  return {
    findings,
    require: add('missing', true),
    expect: add('missing', false),
    prefer: add('warn', false),
  }
}
