import { absolutePath } from './absolute-path.ts'
import { OperationError } from '../../native/error.ts'
import { flag } from './flag-spec.ts'
import { parseFlags } from './flag-parser.ts'

export interface GlobalFlags {
  /** Absolute; absent: the user's default folders. */
  readonly root?: string | undefined
  readonly debug: boolean
  readonly logLevel: string
  readonly version: boolean
  /** What comes after them: the command and all of its own. */
  readonly rest: readonly string[]
}

const specs = [
  flag('bool', 'debug,D', 'Print stack traces'),
  flag('bool', 'help,h', 'Print usage'),
  flag('string', 'log-level,l', 'Set the logging level'),
  flag('string', 'root', 'Keep all state under this folder'),
  flag('bool', 'version,v', 'Print version information and quit'),
]

/**
 * Read the flags before the command.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function readGlobalFlags(
  argv: readonly string[],
  { env, cwd }: { env: Readonly<Record<string, string | undefined>>; cwd: string },
): GlobalFlags {
  const { flags, args } = parseFlags(argv, specs, { command: 'mycontainer', interspersed: false })
  const root = flags.string('root') ?? env['MYCONTAINER_ROOT']
  if (root === '' && flags.has('root'))
    throw new OperationError('INVALID_ARGUMENT', 'parse --root', {}, { hint: 'It is empty' })
  const logLevel = flags.string('log-level') ?? 'info'
  return {
    ...(root === undefined || root === '' ? {} : { root: absolutePath(cwd, root) }),
    debug: flags.bool('debug') || logLevel === 'debug',
    logLevel,
    version: flags.bool('version'),
    rest: flags.bool('help') ? ['--help', ...args] : args,
  }
}
