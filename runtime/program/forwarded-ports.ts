import { OperationError } from '../../native/error.ts'
import {
  encodeRequest,
  outsidePatienceSeconds,
  outsideSocketName,
  startPidOffset,
} from '../network/forwarded-port.ts'
import type { ForwardedPorts } from '../network/netlink-exchange.ts'
import type { Compilation } from './compilation.ts'

// Published ports of an ordinary user: those of the host are bound by a process in the host's network namespace, which
// is asked on a Unix socket (native/shim/forward.h). The monitor keeps the connection for the container's life.

const AF_UNIX = 1
const SOCK_SEQPACKET_CLOEXEC = 0o2000005
const MSG_NOSIGNAL = 0x4000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SUN_PATH_SIZE = 108
const answerSize = 8
const EPIPE = 32
const source = 'unix(7)'

/** Outer half, before anything of the container is reachable. */
export function bindForwarded(c: Compilation, { runDir, requests }: ForwardedPorts): void {
  const { b } = c
  const connection = b.slot('outside')
  const name = socketName(runDir)
  b.call('socket', [AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0], {
    to: connection,
    why: 'ports of the host are bound where the host’s network is, which this process has left',
    source,
  })
  b.call(
    'setsockopt',
    [connection, SOL_SOCKET, SO_RCVTIMEO, b.data.words([outsidePatienceSeconds, 0]), 16],
    { why: 'a missing answer must fail, never hang the monitor', source: 'socket(7)' },
  )
  b.call('connect', [connection, b.data.bytes(name), name.length], {
    why: 'this user’s process in the host’s network answers there',
    source,
  })
  for (const { message, shown } of requests) {
    const why = `publish ${shown}`
    send(c, message, why)
    receive(c, why)
  }
}

/** Outer half, once the container's process is the one that stays. */
export function startForwarding(c: Compilation): void {
  const { b } = c
  const request = b.data.bytes(encodeRequest('start'))
  b.store(b.slot('pid'), request, startPidOffset, 4, {
    why: 'published ports end with the container, whoever else is killed',
    source: 'pidfd_open(2)',
  })
  b.call(
    'sendto',
    [b.slot('outside'), request, encodeRequest('start').length, MSG_NOSIGNAL, 0, 0],
    {
      why: 'what came to the ports until now is let in',
      source,
    },
  )
}

/** Cleanup section. */
export function endForwarding(c: Compilation): void {
  const { b } = c
  const why = 'published ports are free before anybody is told that the container has ended'
  const request = encodeRequest('close')
  b.call('sendto', [b.slot('outside'), b.data.bytes(request), request.length, MSG_NOSIGNAL, 0, 0], {
    ignore: 'any',
    why,
    source,
  })
  b.call('recvfrom', [b.slot('outside'), b.data.scratch(answerSize), answerSize, 0, 0, 0], {
    ignore: 'any',
    why,
    source,
  })
  b.call('close', [b.slot('outside')], { ignore: 'any', why: 'nothing more to ask', source })
}

function send(c: Compilation, message: Uint8Array, why: string): void {
  const { b } = c
  b.call('sendto', [b.slot('outside'), b.data.bytes(message), message.length, MSG_NOSIGNAL, 0, 0], {
    why,
    source,
  })
}

function receive(c: Compilation, why: string): void {
  const { b } = c
  // The end of the connection leaves it as it is.
  const answer = b.data.words([-EPIPE])
  b.call('recvfrom', [b.slot('outside'), answer, answerSize, 0, 0, 0], { why, source })
  b.check(answer, 0, { why, source: 'bind(2)' })
}

/** struct sockaddr_un. */
function socketName(runDir: string): Uint8Array {
  const path = Buffer.from(`${runDir}/${outsideSocketName}`)
  if (path.length >= SUN_PATH_SIZE)
    throw new OperationError(
      'UNSUPPORTED',
      'publish a port as an ordinary user',
      { path: path.toString(), bytes: path.length, max: SUN_PATH_SIZE - 1 },
      { hint: 'The run folder has too long a path: set XDG_RUNTIME_DIR, or use another --root' },
    )
  const name = Buffer.alloc(2 + path.length + 1)
  name.writeUInt16LE(AF_UNIX, 0)
  path.copy(name, 2)
  return name
}
