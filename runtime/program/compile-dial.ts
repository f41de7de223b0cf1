import { AF_INET, AF_INET6, socketAddress } from '../../native/socket-address.ts'
import type { CompileHost } from './compile-input.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, CLONE, O } from './flags/values.ts'
import type { Program } from './program.ts'
import { endWithParent, holdUntilKilled, startSideProcess } from './side-process.ts'

/** Where the connected socket is found in the process. */
export const dialledDescriptor = 64

const SOCK_STREAM_CLOEXEC = 0o2000001
const SOL_SOCKET = 1
const SO_SNDTIMEO = 21
const timeoutSeconds = 10

const loopbacks = [
  { family: AF_INET, bytes: Uint8Array.of(127, 0, 0, 1), manual: 'ip(7)' },
  { family: AF_INET6, bytes: Uint8Array.of(...Array(15).fill(0), 1), manual: 'ipv6(7)' },
] as const

/**
 * Compile a process that connects to a port of the loopback of a network namespace, tells its pid in a USER record, and
 * keeps the connection as {@link dialledDescriptor} until it is killed, by when somebody has copied it. Pure.
 */
export function compileDial(host: CompileHost, namespace: string, port: number): Program {
  const c = startSideProcess(host, 'dial')
  const { b } = c
  endWithParent(c, 'a connection that nobody has taken goes with whoever asked for it')
  enterNetwork(c, namespace)
  const connected = b.label('connected')
  for (const [index, { family, bytes, manual }] of loopbacks.entries()) {
    const socket = b.slot('socket')
    const isLast = index === loopbacks.length - 1
    b.call('socket', [family, SOCK_STREAM_CLOEXEC, 0], {
      to: socket,
      why: 'it stays in the namespace that it was made in, whoever holds it',
      source: manual,
    })
    const time = new Uint8Array(16)
    new DataView(time.buffer).setBigInt64(0, BigInt(timeoutSeconds), true)
    b.call('setsockopt', [socket, SOL_SOCKET, SO_SNDTIMEO, b.data.bytes(time), time.length], {
      why: 'a server that does not accept must not hold this process for ever',
      source: 'socket(7)',
    })
    const address = socketAddress(bytes, port)
    b.call('connect', [socket, b.data.bytes(address), address.length], {
      ...(isLast ? {} : { ignore: ['ECONNREFUSED'], ifOk: connected }),
      why: `port ${port} as programs inside reach it`,
      source: 'connect(2)',
    })
  }
  b.place(connected)
  handOver(c)
  return b.build()
}

function enterNetwork({ b }: Compilation, namespace: string): void {
  const file = b.slot('namespace')
  b.call('openat', [AT_FDCWD, b.text(namespace), O.CLOEXEC, 0], {
    to: file,
    why: 'the network whose loopback is meant',
    source: 'setns(2)',
  })
  b.call('setns', [file, CLONE.NEWNET], {
    why: 'sockets made from here on belong to that network',
    source: 'network_namespaces(7)',
  })
}

function handOver(c: Compilation): void {
  const { b } = c
  b.call('dup3', [b.slot('socket'), dialledDescriptor, O.CLOEXEC], {
    why: 'a number that is known beforehand',
    source: 'dup(2)',
  })
  b.call('getpid', [], {
    to: b.slot('pid'),
    why: 'names this process to whoever copies the connection',
    source: 'getpid(2)',
  })
  holdUntilKilled(c, {
    ready: 'ready to be copied',
    source: 'pidfd_getfd(2)',
    wait: 'the connection lives as long as this process or a copy',
    end: 'nobody is left who could copy it',
  })
}
