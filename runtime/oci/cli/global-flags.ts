import { OperationError } from '../../../native/error.ts'
import { type FlagSpec, flag } from '../../cli/flag-spec.ts'
import { parseFlags } from '../../cli/flag-parser.ts'
import { defaultStateRoot } from '../state-root.ts'
import type { CgroupManager } from '../oci-cgroup.ts'
import type { LogOptions } from '../oci-log.ts'

export interface GlobalFlags {
  /** Folder of all containers. */
  readonly root: string
  readonly log: LogOptions
  readonly cgroupManager: CgroupManager
  readonly help: boolean
  readonly version: boolean
  readonly criu: string
}

export const globalFlags: readonly FlagSpec[] = [
  flag('string', 'root', 'Folder of all containers', { value: 'DIR' }),
  flag('string', 'log', 'File for messages (default: standard error)', { value: 'FILE' }),
  flag('string', 'log-format', 'text or json', { default: 'text' }),
  flag('bool', 'debug', 'Say more in the log'),
  flag('bool', 'systemd-cgroup', 'linux.cgroupsPath is of the form slice:prefix:name'),
  flag('string', 'cgroup-manager', 'cgroupfs, systemd or disabled', { default: 'cgroupfs' }),
  flag('string', 'rootless', 'true, false or auto: found out by itself', { default: 'auto' }),
  flag('string', 'criu', 'Path of criu', { default: 'criu', hidden: true }),
  flag('bool', 'help,h', 'Show this help'),
  flag('bool', 'version,v', 'Show the version'),
]

/**
 * Split a command line at its command.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseGlobalFlags(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): { readonly globals: GlobalFlags; readonly words: readonly string[] } {
  const { flags, args } = parseFlags(doubleDashes(argv, globalFlags), globalFlags, {
    command: 'mycontainer-oci',
    interspersed: false,
  })
  const format = oneOf('--log-format', flags.string('log-format') ?? 'text', ['text', 'json'])
  const manager = oneOf('--cgroup-manager', flags.string('cgroup-manager') ?? 'cgroupfs', [
    'cgroupfs',
    'systemd',
    'disabled',
  ])
  oneOf('--rootless', flags.string('rootless') ?? 'auto', ['true', 'false', 'auto'])
  const path = flags.string('log') ?? ''
  return {
    words: args,
    globals: {
      root: flags.string('root') || defaultStateRoot(env),
      log: { path: path === '' ? undefined : path, format, debug: flags.bool('debug') },
      cgroupManager: flags.bool('systemd-cgroup') ? 'systemd' : manager,
      help: flags.bool('help'),
      version: flags.bool('version'),
      criu: flags.string('criu') ?? 'criu',
    },
  }
}

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found !== undefined) return found
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid argument ${JSON.stringify(value)} for ${flag}`,
    {},
    { hint: `It takes ${known.join(', ')}` },
  )
}

/** Go's flag package, which runc's callers are used to, takes `-root` for `--root`. */
export function doubleDashes(words: readonly string[], specs: readonly FlagSpec[]): string[] {
  return words.map((word) => {
    const [, name] = /^-([a-z][a-z-]+)(?:=.*)?$/.exec(word) ?? []
    return name !== undefined && specs.some((spec) => spec.name === name) ? `-${word}` : word
  })
}
