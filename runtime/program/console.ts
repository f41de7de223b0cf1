import { OperationError } from '../../native/error.ts'
import { close } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import type { ConsoleReceiver } from './compile-input.ts'
import type { Data, Operand, Slot } from './operand.ts'

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 0o2000001
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const SUN_PATH_SIZE = 108
const source = 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime-linux.md'

/** Outer half: the master end of the terminal goes to whoever asked for the container. */
export function sendConsole(c: Compilation): void {
  const { console } = c.base
  if (console === undefined) return
  sendDescriptor(c, c.b.slot('master'), console, 'the terminal belongs to the caller')
  close(c, c.b.slot('master'), 'the caller has it')
}

/** Outer half, once the process exists: whoever asked for it can wait for it and signal it. */
export function sendProcessDescriptor(c: Compilation): void {
  const { pidfdSocket: path } = c.base
  if (path === undefined) return
  const receiver = { kind: 'path', path } as const
  sendDescriptor(c, c.b.slot('pidfd'), receiver, 'a number could be another process by then')
}

/** Hand a descriptor over a Unix socket (SCM_RIGHTS of unix(7)), with a few bytes beside it, as receivers expect. */
export function sendDescriptor(
  c: Compilation,
  descriptor: Operand,
  receiver: ConsoleReceiver,
  why: string,
): void {
  const { b } = c
  const socket = b.slot('consoleSocket')
  if (receiver.kind === 'path') connectTo(c, receiver.path, 'the caller listens there')
  else take(c, receiver.pid, receiver.number)
  const name = '/dev/ptmx'
  sendMessage(c, descriptor, [[b.text(name), name.length]], why)
  close(c, socket, 'nothing more is sent')
}

/** One message over slot `consoleSocket`: a descriptor, and texts with their lengths. */
export function sendMessage(
  c: Compilation,
  descriptor: Operand,
  texts: readonly (readonly [Data, number | Slot])[],
  why: string,
): void {
  const { b } = c
  const parts = b.data.words(
    texts.flatMap(([text, length]) => [text, typeof length === 'number' ? length : 0]),
  )
  for (const [index, [, length]] of texts.entries())
    if (typeof length !== 'number')
      b.store(length, parts, index * 16 + 8, 8, {
        why: 'its length is known only now',
        source: 'unix(7)',
      })
  // struct cmsghdr: length, level and type, then the descriptor.
  const control = b.data.words([20, SOL_SOCKET + SCM_RIGHTS * 2 ** 32, 0])
  b.store(descriptor, control, 16, 4, {
    why: 'the descriptor is known only now',
    source: 'unix(7)',
  })
  const message = b.data.words([0, 0, parts, texts.length, control, 24, 0])
  b.call('sendmsg', [b.slot('consoleSocket'), message, MSG_NOSIGNAL], { why, source: 'unix(7)' })
}
const MSG_NOSIGNAL = 0x4000

/**
 * Slot `consoleSocket` becomes a connection to whoever listens at a path.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a path that no address has room for
 */
export function connectTo(c: Compilation, path: string, why: string): void {
  const { b } = c
  const bytes = Buffer.from(path)
  if (bytes.length >= SUN_PATH_SIZE)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'use a socket',
      { path, bytes: bytes.length, max: SUN_PATH_SIZE - 1 },
      { hint: 'Use a socket with a shorter path' },
    )
  const address = Buffer.alloc(2 + SUN_PATH_SIZE)
  address.writeUInt16LE(AF_UNIX, 0)
  bytes.copy(address, 2)
  b.call('socket', [AF_UNIX, SOCK_STREAM_CLOEXEC, 0], {
    to: b.slot('consoleSocket'),
    why,
    source,
  })
  b.call('connect', [b.slot('consoleSocket'), b.data.bytes(address), bytes.length + 3], {
    why: `${why}, at ${path}`,
    source: 'connect(2)',
  })
}

function take(c: Compilation, pid: number, number: number): void {
  const { b } = c
  b.call('pidfd_open', [pid, 0], {
    to: b.slot('caller'),
    why: 'names the caller without the danger of a reused pid',
    source: 'pidfd_open(2)',
  })
  b.call('pidfd_getfd', [b.slot('caller'), number, 0], {
    to: b.slot('consoleSocket'),
    why: 'its end of a socket pair: the terminal is shown there',
    source: 'pidfd_getfd(2)',
  })
  close(c, b.slot('caller'), 'nothing more is taken from it')
}
