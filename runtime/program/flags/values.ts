// Constants of the kernel's interface (include/uapi/linux), grouped as the calls take them. The compiler
// writes them and the listing reads them back, so each is defined once.

export const AT_FDCWD = -100

export const AT = {
  SYMLINK_NOFOLLOW: 0x100,
  REMOVEDIR: 0x200,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
} as const

export const O = {
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const

/** Two of the open flags have other numbers on aarch64 (asm/fcntl.h). */
export const O_ARCH = {
  x86_64: { DIRECTORY: 0o200000, NOFOLLOW: 0o400000 },
  aarch64: { DIRECTORY: 0o40000, NOFOLLOW: 0o100000 },
} as const

export const OPEN_TREE = { CLONE: 1, CLOEXEC: O.CLOEXEC } as const

export const RESOLVE = {
  NO_XDEV: 1,
  NO_MAGICLINKS: 2,
  NO_SYMLINKS: 4,
  BENEATH: 8,
  IN_ROOT: 16,
} as const

export const MOVE_MOUNT = { F_EMPTY_PATH: 4, T_EMPTY_PATH: 0x40 } as const

export const MOUNT_ATTR = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  NOATIME: 0x10,
  STRICTATIME: 0x20,
  NODIRATIME: 0x80,
  IDMAP: 0x100000,
  NOSYMFOLLOW: 0x200000,
} as const
/** The field of the atime modes: it must be cleared whenever one of them is set. */
export const MOUNT_ATTR_ATIME = 0x70

export const FSCONFIG = {
  SET_FLAG: 0,
  SET_STRING: 1,
  SET_FD: 5,
  CMD_CREATE: 6,
} as const

export const MS = {
  BIND: 0x1000,
  REC: 0x4000,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
} as const

export const CLONE = {
  NEWTIME: 0x80,
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
  PIDFD: 0x1000,
  PARENT: 0x8000,
} as const
export const CLONE_CLEAR_SIGHAND = 0x100000000n
export const CLONE_INTO_CGROUP = 0x200000000n

export const S = { IFIFO: 0o10000, IFCHR: 0o20000, IFBLK: 0o60000, IFREG: 0o100000 } as const

export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  SET_KEEPCAPS: 8,
  CAPBSET_DROP: 24,
  SET_NO_NEW_PRIVS: 38,
  CAP_AMBIENT: 47,
} as const
export const PR_CAP_AMBIENT = { RAISE: 2, CLEAR_ALL: 4 } as const

export const TIOC = {
  SCTTY: 0x540e,
  SWINSZ: 0x5414,
  SPTLCK: 0x40045431,
  GPTPEER: 0x5441,
} as const

export const MNT_DETACH = 2
export const CLOSE_RANGE_CLOEXEC = 4
export const KEYCTL_JOIN_SESSION_KEYRING = 1
export const SECCOMP_SET_MODE_FILTER = 1
export const LANDLOCK_RULE_PATH_BENEATH = 1
export const P_PIDFD = 3
export const WEXITED = 4
/** `__WALL`. */
export const WALL = 0x40000000
export const F_DUPFD_CLOEXEC = 1030
export const SIGCHLD = 17
export const SIGKILL = 9
export const PROC_SUPER_MAGIC = 0x9fa0

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EACCES: 13,
  EEXIST: 17,
  EINVAL: 22,
  ELOOP: 40,
  ETIMEDOUT: 110,
  EPROTO: 71,
  ECHILD: 10,
  EBADF: 9,
} as const
