import { AF_INET, AF_INET6, socketAddress } from '../../native/socket-address.ts'
import type { HeldPort, NetlinkExchange, NetworkAttachment } from '../network/netlink-exchange.ts'
import { close, isNew } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { bindForwarded, endForwarding } from './forwarded-ports.ts'
import { AT_FDCWD } from './flags/values.ts'
import type { Data, Slot } from './operand.ts'

const families = { route: 0, netfilter: 12 } as const
const SOCK_RAW_CLOEXEC = 0o2000003
const AF_NETLINK = 16
// The kernel answers before sendto returns; a missing answer must fail, never hang the monitor.
const MSG_DONTWAIT = 0x40
const VERDICT_SIZE = 4096
const ERROR_OFFSET = 16 // struct nlmsghdr, then the error

/** Outer half, once the init exists: the container's interface is made and moved inside. */
export function attachOutside(c: Compilation, network: NetworkAttachment): void {
  for (const [index, port] of network.held.entries()) holdPort(c, port, heldSlot(c, index))
  if (network.forwarded) bindForwarded(c, network.forwarded)
  runExchanges(c, network.host)
}

/**
 * Make an interface and a network namespace for it, before there is a container.
 *
 * @param enter steps that take this process there and put its pid into the slot `pid`
 */
export function makeNetworkAhead(c: Compilation, veth: NetlinkExchange, enter: () => void): void {
  // The socket belongs to the namespace that it was made in: it still speaks for the host's.
  openNetlink(c, 'route')
  enter()
  runExchange(c, veth)
  close(c, c.b.slot('netlink'), 'nothing more to ask')
}

/**
 * Change the interfaces of a network namespace that others are in.
 *
 * @param enter as of {@link makeNetworkAhead}
 */
export function changeInterfaces(
  c: Compilation,
  change: {
    readonly outside: readonly NetlinkExchange[]
    readonly inside: readonly NetlinkExchange[]
  },
  enter: () => void,
): void {
  openNetlink(c, 'route')
  enter()
  for (const exchange of change.outside) runExchange(c, exchange)
  close(
    c,
    c.b.slot('netlink'),
    'the next messages are for the namespace that this process is in now',
  )
  runExchanges(c, change.inside)
}

/** Inner half: the interfaces of the new network namespace; an attachment starts the loopback one itself. */
export function configureInside(
  c: Compilation,
  network: Pick<NetworkAttachment, 'inside'> | undefined,
): void {
  if (network !== undefined) runExchanges(c, network.inside)
  else if (isNew(c, 'network')) runExchanges(c, [loopbackUp])
}

/** Cleanup section: what others on the host would run into. */
export function detachNetwork(c: Compilation, network: NetworkAttachment): void {
  if (network.forwarded) endForwarding(c)
  runExchanges(c, network.cleanup)
  for (const [index, { port }] of network.held.entries())
    c.b.call('close', [heldSlot(c, index)], {
      ignore: 'any',
      why: `port ${port} is free before anybody is told that the container has ended`,
      source: 'close(2)',
    })
}

/** Cleanup section: its interfaces answer no more, so its addresses may be somebody else's. */
export function leaveNetwork(c: Compilation, network: NetworkAttachment): void {
  runExchanges(c, network.closing)
  if (network.leases.length > 0) giveBackLeases(c, network.leases)
}

function giveBackLeases(c: Compilation, leases: readonly string[]): void {
  const given = c.b.label('leases are given back')
  c.b.call('faccessat', [c.b.slot('state'), c.b.text('holdings'), 0], {
    ignore: 'any',
    ifOk: given,
    why: 'networks came or went while it ran: the monitor has gone by that list, and this one is out of date',
    source: 'access(2)',
  })
  for (const lease of leases)
    c.b.call('unlinkat', [AT_FDCWD, c.b.text(lease), 0], {
      ignore: 'any',
      why: 'the address is free for the next container',
      source: 'unlink(2)',
    })
  c.b.place(given)
  c.b.move(c.b.slot('netlink'), -1, {
    why: 'one way or the other, nothing of the network is left to be asked for',
    source: 'unlink(2)',
  })
}

const SOCK_STREAM_CLOEXEC = 0o2000001
const SOCK_DGRAM_CLOEXEC = 0o2000002
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SOL_IPV6 = 41
const IPV6_V6ONLY = 26
const SHUT_RD = 0

function heldSlot(c: Compilation, index: number): Slot {
  return c.b.slot(`held${index}`)
}

/**
 * Packets for a published port never get here, for the firewall sends them on before; the socket is
 * there so that another program that wants the port is told that it is taken.
 */
function holdPort(c: Compilation, { address, port, protocol }: HeldPort, socket: Slot): void {
  const { b } = c
  const on = b.data.words([1])
  const isIpv4 = address.length === 4
  const source = isIpv4 ? 'ip(7)' : 'ipv6(7)'
  const what = `port ${port}/${protocol} of the host`
  const type = protocol === 'tcp' ? SOCK_STREAM_CLOEXEC : SOCK_DGRAM_CLOEXEC
  b.call('socket', [isIpv4 ? AF_INET : AF_INET6, type, 0], {
    to: socket,
    why: `${what} must be seen to be taken, although the firewall serves it`,
    source,
  })
  if (!isIpv4)
    b.call('setsockopt', [socket, SOL_IPV6, IPV6_V6ONLY, on, 4], {
      why: 'the IPv4 port of that number may belong to somebody else',
      source,
    })
  if (protocol === 'tcp')
    b.call('setsockopt', [socket, SOL_SOCKET, SO_REUSEADDR, on, 4], {
      why: 'connections of an earlier owner that are closing do not count',
      source: 'socket(7)',
    })
  const name = socketAddress(address, port)
  b.call('bind', [socket, b.data.bytes(name), name.length], {
    why: `${what} is taken from here on, or it was taken since it was looked at`,
    source: 'bind(2)',
  })
  if (protocol === 'tcp')
    b.call('listen', [socket, 1], {
      why: 'a bound socket that may be reused keeps others away only while it listens',
      source: 'socket(7)',
    })
  if (protocol === 'tcp' && !isIpv4) refuseConnections(c, socket)
}

/** What comes for ::1 does get here, as nothing can be sent on from it. */
function refuseConnections(c: Compilation, socket: Slot): void {
  const { b } = c
  b.call('setsockopt', [socket, SOL_SOCKET, SO_REUSEADDR, b.data.words([0]), 4], {
    why: 'the port is kept by the bound socket alone from here on',
    source: 'socket(7)',
  })
  b.call('shutdown', [socket, SHUT_RD], {
    why: 'nobody accepts here: a client that is refused tries 127.0.0.1, one that is not waits for ever',
    source: 'shutdown(2)',
  })
}

const loopbackUp: NetlinkExchange = {
  family: 'route',
  message: loopbackMessage(),
  acks: 1,
  why: 'programs expect 127.0.0.1 to work, and a new namespace has it down',
  source: 'rtnetlink(7)',
}

// struct nlmsghdr (RTM_NEWLINK, request and acknowledge), struct ifinfomsg of interface 1 with IFF_UP.
function loopbackMessage(): Uint8Array {
  const bytes = Buffer.alloc(32)
  bytes.writeUInt32LE(32, 0)
  bytes.writeUInt16LE(16, 4)
  bytes.writeUInt16LE(5, 6)
  bytes.writeUInt32LE(1, 8)
  bytes.writeInt32LE(1, 20)
  bytes.writeUInt32LE(1, 24)
  bytes.writeUInt32LE(1, 28)
  return bytes
}

function runExchanges(c: Compilation, exchanges: readonly NetlinkExchange[]): void {
  const { b } = c
  let open: NetlinkExchange['family'] | undefined
  for (const exchange of exchanges) {
    if (open !== exchange.family) {
      if (open !== undefined)
        close(c, b.slot('netlink'), 'the next messages go to another part of the kernel')
      openNetlink(c, exchange.family)
      open = exchange.family
    }
    runExchange(c, exchange)
  }
  if (open !== undefined) close(c, b.slot('netlink'), 'nothing more to ask')
}

export function openNetlink(c: Compilation, family: NetlinkExchange['family']): void {
  const { b } = c
  const isRoute = family === 'route'
  b.call('socket', [AF_NETLINK, SOCK_RAW_CLOEXEC, families[family]], {
    to: b.slot('netlink'),
    why: isRoute
      ? 'interfaces are made and set up by messages to the kernel'
      : 'firewall rules are set by messages to the kernel',
    source: 'netlink(7)',
  })
}

export function runExchange(c: Compilation, exchange: NetlinkExchange): void {
  const { b } = c
  const { message, acks, pidOffset, tolerate = [], why, source } = exchange
  const data = b.data.bytes(message)
  if (pidOffset !== undefined)
    b.store(b.slot('pid'), data, pidOffset, 4, {
      why: 'the namespace to move to is that of the process just made',
      source: 'rtnetlink(7)',
    })
  b.call('sendto', [b.slot('netlink'), data, message.length, 0, 0, 0], { why, source })
  const verdict: Data = b.data.scratch(VERDICT_SIZE)
  for (let ack = 0; ack < acks; ack++) {
    b.call('recvfrom', [b.slot('netlink'), verdict, VERDICT_SIZE, MSG_DONTWAIT, 0, 0], {
      why: 'the kernel’s verdict on it',
      source: 'netlink(7)',
    })
    b.check(verdict, ERROR_OFFSET, { ignore: tolerate, why, source })
  }
}
