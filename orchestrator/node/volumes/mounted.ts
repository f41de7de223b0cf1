import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { requireSuccess } from '../../../native/ffi/library.ts'
import { closeFile, currentFolder, openAt, openFlags } from '../../../native/file.ts'
import {
  createFileSystem,
  mountAttributes,
  mountDetached,
  openFileSystem,
  setFileSystemText,
} from '../../../native/mount.ts'
import { attachMount, cloneMount, unmountLazily } from '../../../native/mount-tree.ts'

// The mounts that a pod has on the node: memory for what must not reach a disk, and binds of sub paths.

export interface MemoryMount {
  /** Bytes; absent: half of the machine's memory, as the kernel has it. */
  readonly size?: number | undefined
  /** Permission bits of its root. */
  readonly mode: number
}

/** Mount a tmpfs on a folder, which is made; nothing happens where one is there. @throws {OperationError} `SYSCALL_FAILED` */
export function mountMemory(path: string, { size, mode }: MemoryMount): void {
  mkdirSync(path, { recursive: true, mode: 0o755 })
  if (statSync(path).dev !== statSync(dirname(path)).dev) return
  const context = requireSuccess(openFileSystem('tmpfs'), 'prepare memory for a volume', { path })
  try {
    const settings = {
      mode: mode.toString(8),
      ...(size === undefined ? {} : { size: String(size) }),
    }
    for (const [key, value] of Object.entries(settings))
      requireSuccess(setFileSystemText(context, key, value), `set ${key} of a tmpfs`, {
        path,
        value,
      })
    requireSuccess(createFileSystem(context), 'make a tmpfs', { path })
    const attributes = mountAttributes.noSuid | mountAttributes.noDev
    const mount = requireSuccess(mountDetached(context, attributes), 'mount a tmpfs', { path })
    attach(mount, path)
  } finally {
    closeFile(context)
  }
}

/**
 * Bind what is opened as `file` on `path`, an existing folder or file, whatever the names that led to it mean by now.
 *
 * @throws {OperationError} `SYSCALL_FAILED`
 */
export function bindDescriptor(file: number, path: string): void {
  attach(requireSuccess(cloneMount(file), 'clone a mount', { path }), path)
}

/** Takes the descriptor of the mount. */
function attach(mount: number, path: string): void {
  try {
    const flags = openFlags.path | openFlags.noFollow
    const target = requireSuccess(openAt(currentFolder, path, flags), 'open a mount point', {
      path,
    })
    try {
      requireSuccess(attachMount(mount, target), 'attach a mount', { path })
    } finally {
      closeFile(target)
    }
  } finally {
    closeFile(mount)
  }
}

/** Mount points at or below a folder, those mounted last first; proc_pid_mountinfo(5). */
export function mountPointsBelow(folder: string): string[] {
  return readMountTable()
    .split('\n')
    .map((line) => unescape(line.split(' ')[4] ?? ''))
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
    .toReversed()
}

/** @throws {OperationError} `SYSCALL_FAILED` where one stays */
export function unmountBelow(folder: string): void {
  for (const path of mountPointsBelow(folder))
    requireSuccess(unmountLazily(path), 'unmount a volume', { path })
}

/** In one read where it fits, since the table may change between two. */
function readMountTable(): string {
  const file = openSync('/proc/self/mountinfo', 'r')
  try {
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}
