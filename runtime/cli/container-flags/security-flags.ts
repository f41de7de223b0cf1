import { absolutePath } from '../absolute-path.ts'
import type { ContainerOptions, SecurityOptions } from '../../container/options.ts'
import { parseSecurityOpts } from '../../container/parse/security-opt.ts'
import { parseSysctls } from '../../container/parse/sysctl.ts'
import { parseUlimit } from '../../container/parse/ulimit.ts'
import { parseInteger } from '../../container/parse/integer.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseCapability } from '../../security/capabilities.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** What the container's processes may do. */
export function securityFlags(): FlagSpec[] {
  return [
    flag('list', 'cap-add', 'Add Linux capabilities'),
    flag('list', 'cap-drop', 'Drop Linux capabilities'),
    flag('string', 'cgroup-parent', 'Optional parent cgroup for the container'),
    flag('int', 'oom-score-adj', "Tune host's OOM preferences (-1000 to 1000)"),
    flag('string', 'personality', 'Configure execution domain using personality (LINUX, LINUX32)'),
    flag('bool', 'privileged', 'Give extended privileges to this container'),
    flag(
      'list',
      'security-opt',
      'no-new-privileges, seccomp=, apparmor=, label=, landlock=, mask=, unmask= or systempaths=',
    ),
    flag('list', 'sysctl', 'Sysctl options', { value: 'map' }),
    flag('list', 'ulimit', 'Ulimit options', { value: 'ulimit' }),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function readSecurityFlags(flags: ParsedFlags, cwd: string): SecurityOptions {
  const { seccomp, ...rest } = parseSecurityOpts(flags.list('security-opt'))
  const isFile = seccomp !== undefined && seccomp !== 'unconfined'
  return {
    privileged: flags.bool('privileged'),
    capAdd: capabilities(flags.list('cap-add')),
    capDrop: capabilities(flags.list('cap-drop')),
    ...rest,
    seccomp: isFile ? absolutePath(cwd, seccomp) : seccomp,
  }
}

function capabilities(values: readonly string[]): string[] {
  const names = values.flatMap((value) => value.split(','))
  return names.map((name) => parseCapability(name).replace(/^CAP_/, ''))
}

type ProcessLimits = Pick<
  ContainerOptions,
  'ulimits' | 'sysctls' | 'oomScoreAdj' | 'cgroupParent' | 'personality'
>

/** @throws {OperationError} INVALID_ARGUMENT */
export function readProcessLimits(flags: ParsedFlags): ProcessLimits {
  const score = flags.string('oom-score-adj')
  return {
    ulimits: flags.list('ulimit').map(parseUlimit),
    sysctls: parseSysctls(flags.list('sysctl')),
    ...(score === undefined
      ? {}
      : { oomScoreAdj: parseInteger('oom-score-adj', score, -1000, 1000) }),
    cgroupParent: cgroupParent(flags.string('cgroup-parent')),
    personality: personality(flags.string('personality')),
  }
}

/** It becomes part of a path below the cgroup mount. */
function cgroupParent(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  const isInside = !text.split('/').includes('..') && !/[\0\n]/.test(text)
  if (isInside) return text
  throw invalidValue('cgroup parent', text, 'Write a path without ..')
}

function personality(text: string | undefined): string | undefined {
  if (text === undefined || /^linux(?:32)?$/i.test(text)) return text?.toUpperCase()
  throw invalidValue('personality', text, 'Write LINUX or LINUX32')
}
