import type { NetlinkExchange, NetworkAttachment } from '../network/netlink-exchange.ts'
import { close, isNew } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD } from './flags/values.ts'
import type { Data } from './operand.ts'

const families = { route: 0, netfilter: 12 } as const
const SOCK_RAW_CLOEXEC = 0o2000003
const AF_NETLINK = 16
// The kernel answers before sendto returns; a missing answer must fail, never hang the monitor.
const MSG_DONTWAIT = 0x40
const VERDICT_SIZE = 4096
const ERROR_OFFSET = 16 // struct nlmsghdr, then the error

/** Outer half, once the init exists: the container's interface is made and moved inside. */
export function attachOutside(c: Compilation, network: NetworkAttachment): void {
  runExchanges(c, network.host)
}

/** Inner half: the interfaces of the new network namespace; an attachment starts the loopback one itself. */
export function configureInside(c: Compilation, network: NetworkAttachment | undefined): void {
  if (network !== undefined) runExchanges(c, network.inside)
  else if (isNew(c, 'network')) runExchanges(c, [loopbackUp])
}

/** Cleanup section: what would stay on the host. */
export function detachNetwork(c: Compilation, network: NetworkAttachment): void {
  runExchanges(c, network.cleanup)
  for (const lease of network.leases)
    c.b.call('unlinkat', [AT_FDCWD, c.b.text(lease), 0], {
      ignore: 'any',
      why: 'the address is free for the next container',
      source: 'unlink(2)',
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

function openNetlink(c: Compilation, family: NetlinkExchange['family']): void {
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

function runExchange(c: Compilation, exchange: NetlinkExchange): void {
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
