// How each argument of each system call reads in a listing.

import {
  AT,
  CLONE,
  FSCONFIG,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  O,
  OPEN_TREE,
  PR,
  RESOLVE,
  S,
  TIOC,
  WALL,
} from './values.ts'

/** Names of bits, or of whole values where `isBits` is false. */
export interface FlagTable {
  readonly names: Readonly<Record<string, number | bigint>>
  readonly isBits: boolean
}

/** `folder` a descriptor or AT_FDCWD, `text` a string, `octal`, `number`, `pointer`, or a structure. */
export type ArgumentFormat =
  | 'folder'
  | 'text'
  | 'octal'
  | 'number'
  | 'pointer'
  | 'vector'
  | 'open_how'
  | 'clone_args'
  | 'mount_attr'
  | 'device'
  | FlagTable

function bits(prefix: string, names: Readonly<Record<string, number>>): FlagTable {
  return { names: prefixed(prefix, names), isBits: true }
}

function values(prefix: string, names: Readonly<Record<string, number>>): FlagTable {
  return { names: prefixed(prefix, names), isBits: false }
}

function prefixed(prefix: string, names: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(names).map(([name, value]) => [`${prefix}${name}`, value]),
  )
}

export const openFlags = bits('O_', O)
export const resolveFlags = bits('RESOLVE_', RESOLVE)
export const cloneFlags: FlagTable = {
  names: {
    ...prefixed('CLONE_', CLONE),
    CLONE_CLEAR_SIGHAND: 0x100000000n,
    CLONE_INTO_CGROUP: 0x200000000n,
  },
  isBits: true,
}
export const mountAttributeFlags = bits('MOUNT_ATTR_', MOUNT_ATTR)
export const propagationFlags = bits('MS_', MS)

/** Formats of the calls that programs make; a call that is missing shows plain numbers. */
export function argumentFormats(call: string): readonly ArgumentFormat[] {
  formats ??= makeFormats()
  return formats[call] ?? unknownCall
}

const unknownCall: readonly ArgumentFormat[] = Array<ArgumentFormat>(6).fill('number')
let formats: Readonly<Record<string, readonly ArgumentFormat[]>> | undefined

function makeFormats(): Record<string, readonly ArgumentFormat[]> {
  const at = bits('AT_', AT)
  const close = values('', { CLOSE_RANGE_CLOEXEC: 4 })
  const seals = values('', { F_DUPFD_CLOEXEC: 1030, F_ADD_SEALS: 1033 })
  const treeFlags: FlagTable = {
    names: {
      OPEN_TREE_CLONE: OPEN_TREE.CLONE,
      OPEN_TREE_CLOEXEC: OPEN_TREE.CLOEXEC,
      ...prefixed('AT_', AT),
    },
    isBits: true,
  }
  const plain = Object.fromEntries(
    Object.entries(plainCalls).map(([call, count]) => [
      call,
      Array<ArgumentFormat>(count).fill('number'),
    ]),
  )
  return {
    ...plain,
    openat: ['folder', 'text', openFlags, 'octal'],
    openat2: ['folder', 'text', 'open_how', 'number'],
    mkdirat: ['folder', 'text', 'octal'],
    mknodat: ['folder', 'text', bits('S_', S), 'device'],
    renameat2: ['folder', 'text', 'folder', 'text', 'number'],
    symlinkat: ['text', 'folder', 'text'],
    unlinkat: ['folder', 'text', bits('AT_', { REMOVEDIR: AT.REMOVEDIR })],
    fchownat: ['folder', 'text', 'number', 'number', at],
    chdir: ['text'],
    chroot: ['text'],
    faccessat: ['folder', 'text', values('', { F_OK: 0 })],
    faccessat2: ['folder', 'text', values('', { X_OK: 1 }), values('', { AT_EACCESS: 0x200 })],
    mount: ['text', 'text', 'text', 'number', 'text'],
    umount2: ['text', values('', { MNT_DETACH: 2 })],
    pivot_root: ['text', 'text'],
    open_tree: ['folder', 'text', treeFlags],
    move_mount: ['folder', 'text', 'folder', 'text', bits('MOVE_MOUNT_', MOVE_MOUNT)],
    mount_setattr: ['folder', 'text', at, 'mount_attr', 'number'],
    fsopen: ['text', values('', { FSOPEN_CLOEXEC: 1 })],
    fsconfig: ['folder', values('FSCONFIG_', FSCONFIG), 'text', 'text', 'folder'],
    fsmount: ['folder', values('', { FSMOUNT_CLOEXEC: 1 }), mountAttributeFlags],
    clone: [cloneFlags, 'number', 'number', 'number', 'number'],
    clone3: ['clone_args', 'number'],
    dup3: ['number', 'number', openFlags],
    setns: ['folder', cloneFlags],
    unshare: [cloneFlags],
    prctl: [values('PR_', PR), 'number', 'number', 'number', 'number'],
    ioctl: ['folder', values('TIOC', TIOC), 'number'],
    fcntl: ['folder', seals, 'number'],
    pipe2: ['pointer', openFlags],
    write: ['folder', 'text', 'number'],
    execve: ['text', 'vector', 'vector'],
    execveat: ['folder', 'text', 'vector', 'vector', at],
    memfd_create: ['text', values('', { 'MFD_CLOEXEC|MFD_ALLOW_SEALING': 3 })],
    close_range: ['number', 'number', close],
    sethostname: ['text', 'number'],
    setdomainname: ['text', 'number'],
    keyctl: [values('KEYCTL_', { JOIN_SESSION_KEYRING: 1 }), 'text', 'number', 'number', 'number'],
    umask: ['octal'],
    statx: ['folder', 'text', at, 'number', 'pointer'],
    waitid: [
      values('', { P_PIDFD: 3 }),
      'folder',
      'pointer',
      bits('', { WEXITED: 4, __WALL: WALL }),
      'number',
    ],
    seccomp: [values('SECCOMP_', { SET_MODE_FILTER: 1 }), 'number', 'pointer'],
  }
}

/** Calls whose arguments are numbers and descriptors, and how many they take. */
const plainCalls: Readonly<Record<string, number>> = {
  bpf: 3,
  capset: 2,
  close: 1,
  exit_group: 1,
  fchdir: 1,
  fchmod: 2,
  fchown: 3,
  fstatfs: 2,
  getcwd: 2,
  ioprio_set: 3,
  nanosleep: 2,
  personality: 1,
  pidfd_getfd: 3,
  pidfd_open: 2,
  pidfd_send_signal: 4,
  ppoll: 5,
  prlimit64: 4,
  read: 3,
  recvfrom: 6,
  sched_setaffinity: 3,
  sched_setattr: 3,
  sendfile: 4,
  bind: 3,
  connect: 3,
  listen: 2,
  shutdown: 2,
  setsockopt: 5,
  sendmsg: 3,
  sendto: 6,
  set_mempolicy: 3,
  setgroups: 2,
  setresgid: 3,
  setresuid: 3,
  setsid: 0,
  socket: 3,
  statx: 5,
}
