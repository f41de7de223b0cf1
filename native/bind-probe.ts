import { declareSyscall } from './ffi/library.ts'
import { AF_INET, AF_INET6, socketAddress } from './socket-address.ts'

// Whether a port could be bound, bind(2), ip(7), ipv6(7): the socket is closed at once.

const socket = declareSyscall('socket', ['int', 'int', 'int'])
const setOption = declareSyscall('setsockopt', ['int', 'int', 'int', 'void *', 'uint'])
const bind = declareSyscall('bind', ['int', 'void *', 'uint'])
const close = declareSyscall('close', ['int'])

const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const on = new Uint8Array([1, 0, 0, 0])

const transports = {
  tcp: { type: 1, protocol: 6 },
  udp: { type: 2, protocol: 17 },
  sctp: { type: 1, protocol: 132 },
} as const

/**
 * Try to bind a port of this network namespace.
 *
 * @param address 4 or 16 bytes
 * @returns 0, or a negative errno such as -EADDRINUSE; -EPROTONOSUPPORT where the kernel lacks SCTP
 */
export function probeBind(
  address: Uint8Array,
  port: number,
  transport: keyof typeof transports,
): number {
  const { type, protocol } = transports[transport]
  const family = address.length === 4 ? AF_INET : AF_INET6
  const file = Number(socket(family, type | SOCK_CLOEXEC, protocol))
  if (file < 0) return file
  try {
    // For TCP it only lets connections that are closing not count; for UDP it would let two share.
    if (transport === 'tcp') setOption(file, SOL_SOCKET, SO_REUSEADDR, on, on.length)
    if (family === AF_INET6) setOption(file, IPPROTO_IPV6, IPV6_V6ONLY, on, on.length)
    const name = socketAddress(address, port)
    return Number(bind(file, name, name.length))
  } finally {
    close(file)
  }
}
