import { declareSyscall, requireSuccess } from './ffi/library.ts'

// netdevice(7). Unlike rtnetlink these questions do not wait for the lock that every change to any
// interface on the host takes, the removal of a container's among them.

const socket = declareSyscall('socket', ['int', 'int', 'int'])
// SAFETY: the buffer outlives the call and has the size of struct ifreq.
const ioctl = declareSyscall('ioctl', ['int', 'ulong', 'void *'])

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SIOCGIFFLAGS = 0x8913
const SIOCGIFMTU = 0x8921
const SIOCGIFINDEX = 0x8933
const IFF_UP = 1
const ifreqSize = 40
const longestName = 15

export interface InterfaceState {
  readonly index: number
  readonly isUp: boolean
  /** Bytes. */
  readonly mtu: number
}

/** One for the process: any socket will do, and it takes part in nothing. */
let questions: number | undefined

/** An interface of this network namespace by name; undefined where there is none. */
export function readInterface(name: string): InterfaceState | undefined {
  if (name.length > longestName) return undefined
  questions ??= requireSuccess(
    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
    'open a socket to ask about interfaces',
    {},
  )
  const [index, flags, mtu] = [SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFMTU].map((request) =>
    ask(questions ?? -1, request, name),
  )
  if (!index || !flags || !mtu) return undefined
  return {
    index: index.readInt32LE(),
    isUp: (flags.readUInt16LE() & IFF_UP) !== 0,
    mtu: mtu.readInt32LE(),
  }
}

function ask(descriptor: number, request: number, name: string): Buffer | undefined {
  const ifreq = Buffer.alloc(ifreqSize)
  ifreq.write(name, 'latin1')
  return Number(ioctl(descriptor, request, ifreq)) < 0 ? undefined : ifreq.subarray(16)
}
