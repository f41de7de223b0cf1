import { resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { type FlagSpec, flag } from '../../cli/flag-spec.ts'
import type { ConsoleReceiver } from '../../program/compile-input.ts'
import type { ContainerWish } from '../compile-container.ts'
import type { OciCall } from './oci-command.ts'

/** What `create`, `run` and `restore` take alike. */
export const containerFlags: readonly FlagSpec[] = [
  flag('string', 'bundle,b', 'Folder of the bundle (default: this folder)', { value: 'DIR' }),
  flag('string', 'config,f', 'Another file than config.json', { value: 'FILE' }),
  flag('string', 'console-socket', 'Socket that gets the terminal', { value: 'PATH' }),
  flag('string', 'pid-file', 'File for the number of the first process', { value: 'FILE' }),
  flag('string', 'pidfd-socket', 'Socket that gets a descriptor of the first process', {
    value: 'PATH',
  }),
  flag('bool', 'no-pivot', 'chroot instead of pivot_root, for hosts on an initial ramfs'),
  flag('bool', 'no-new-keyring', 'Keep the session keyring of the caller'),
  flag('int', 'preserve-fds', 'How many descriptors from 3 on the program keeps', { value: 'N' }),
]

/** @throws {OperationError} `INVALID_ARGUMENT` for a number below 0 */
export function preservedCount({ flags }: OciCall): number {
  const count = flags.number('preserve-fds') ?? 0
  if (count >= 0 && count <= 1024) return count
  throw new OperationError(
    'INVALID_ARGUMENT',
    'hand on descriptors',
    { 'preserve-fds': count },
    { hint: 'Give a number from 0 to 1024' },
  )
}

/** What the command line says about a new container. */
export function containerWish(call: OciCall): Omit<ContainerWish, 'consoleOf'> {
  const { flags, args, globals, env, log } = call
  const [id = ''] = args
  const pidFile = flags.string('pid-file')
  const pidfdSocket = flags.string('pidfd-socket')
  return {
    id,
    root: globals.root,
    bundle: flags.string('bundle') ?? '.',
    configFile: flags.string('config'),
    pidFile: pidFile && resolve(pidFile),
    pidfdSocket: pidfdSocket && resolve(pidfdSocket),
    preserveFds: preservedCount(call),
    noPivot: flags.bool('no-pivot'),
    noNewKeyring: flags.bool('no-new-keyring'),
    cgroupManager: globals.cgroupManager,
    env,
    warn: (message) => log.write('warning', message),
  }
}

/**
 * Who gets the terminal of a process that is left alone.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a terminal without a socket, and the other way round
 */
export function detachedConsole(
  { flags }: OciCall,
  hasTerminal: boolean,
): ConsoleReceiver | undefined {
  const path = flags.string('console-socket') ?? ''
  if (hasTerminal && path === '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'cannot allocate tty if the runtime will detach without setting console socket',
      {},
      { hint: 'Give --console-socket, or set process.terminal to false' },
    )
  if (!hasTerminal && path !== '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'cannot use console socket if the runtime will not allocate tty',
      {},
      { hint: 'Leave out --console-socket, or set process.terminal to true' },
    )
  return hasTerminal ? { kind: 'path', path: resolve(path) } : undefined
}

/** Who gets the terminal of a process that is waited for. */
export function attachedConsole(call: OciCall, hasTerminal: boolean): ConsoleReceiver | undefined {
  const { caller } = call
  if (call.flags.has('console-socket')) return detachedConsole(call, hasTerminal)
  if (!hasTerminal) return undefined
  if (caller.console !== undefined)
    return { kind: 'descriptor', pid: caller.pid, number: caller.console.descriptor }
  throw new OperationError(
    'UNSUPPORTED',
    'show the terminal of a program',
    {},
    { hint: 'Start the command by bin/mycontainer-oci, or give --detach and --console-socket' },
  )
}
