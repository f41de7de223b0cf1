import { declareSyscall } from './ffi/library.ts'
import type { PathName } from './file.ts'
import { atFlags, pathBytes } from './file.ts'

// Putting mounts into the tree of this process's mount namespace, and taking them away. What is mounted, and where,
// can be given by descriptor alone, so that no name is looked up a second time. Results are the kernel's, or -errno.
//
// SAFETY: every pointer passed is a Buffer that the caller holds during the call.

const openTree = declareSyscall('open_tree', ['int', 'void *', 'uint'])
const moveMount = declareSyscall('move_mount', ['int', 'void *', 'int', 'void *', 'uint'])
const umount = declareSyscall('umount2', ['void *', 'int'])

const cloneTree = 1 // OPEN_TREE_CLONE
const closeOnExec = 0o2000000 // OPEN_TREE_CLOEXEC
const recursive = 0x8000 // AT_RECURSIVE
const emptySource = 0x4 // MOVE_MOUNT_F_EMPTY_PATH
const emptyTarget = 0x40 // MOVE_MOUNT_T_EMPTY_PATH
const detach = 2 // MNT_DETACH
const noFollow = 8 // UMOUNT_NOFOLLOW

/** open_tree(2): a bind of what `file` is opened on, with what is mounted below, not attached yet. @returns its descriptor */
export function cloneMount(file: number): number {
  const flags = cloneTree | closeOnExec | recursive | atFlags.emptyPath
  return Number(openTree(file, pathBytes(''), flags))
}

/** move_mount(2): attach a mount that has no place yet on what `target` is opened on. */
export function attachMount(mount: number, target: number): number {
  const empty = pathBytes('')
  return Number(moveMount(mount, empty, target, empty, emptySource | emptyTarget))
}

/** umount2(2), lazily and without following a symlink: the name is gone at once, the mount with its last user. */
export function unmountLazily(path: PathName): number {
  return Number(umount(pathBytes(path), detach | noFollow))
}
