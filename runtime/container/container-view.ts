import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { openFlags } from '../../native/file.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { type UntrustedRoot, openInRoot, openRoot } from '../../rootfs/path-in-root.ts'
import type { Config } from '../spec/config.ts'

/** The files of a container as its processes see them, or would have seen them. */
export interface ContainerView {
  /**
   * Open an absolute path of the container.
   * @param flags openat2(2) flags
   * @returns a descriptor that the caller closes; undefined where it cannot be opened
   */
  open(path: string, flags: number): number | undefined
  /** Whether what was opened at `path` as `descriptor` lies on a mount with noexec. */
  isNoexec(descriptor: number, path: string): boolean
  [Symbol.dispose](): void
}

/** A running container's, with all its mounts, by the root of one of its processes. */
export function viewOfProcess(pid: number): ContainerView {
  const root = openRoot(`/proc/${pid}/root`)
  return {
    open: (path, flags) => tryOpen(root, path, flags),
    isNoexec: (descriptor) => isMountedNoexec(descriptor, `/proc/${pid}/mountinfo`),
    [Symbol.dispose]: () => root.close(),
  }
}

/**
 * What a container that did not start would have seen: its layers joined, and what was to be
 * mounted over them. A symbolic link from one of these into another is not followed.
 *
 * @param layers absolute folders, lowest first, the writable one last
 */
export function viewOfConfig(layers: readonly string[], config: Config): ContainerView {
  const root = openMergedRoot(layers)
  return {
    open(path, flags) {
      const mount = mountAt(config, path)
      if (!mount) return tryOpen(root, path, flags)
      if (!isBind(mount)) return undefined
      return openBelow(mount.source ?? '', posix.relative(mount.destination, path), flags)
    },
    isNoexec: (descriptor, path) =>
      mountAt(config, path)?.options?.includes('noexec') === true ||
      isMountedNoexec(descriptor, '/proc/self/mountinfo'),
    [Symbol.dispose]: () => root.close(),
  }
}

type Mount = NonNullable<Config['mounts']>[number]

/** The last mount over a path: later ones hide earlier ones. */
function mountAt({ mounts = [] }: Config, path: string): Mount | undefined {
  const whole = posix.normalize(path)
  return mounts.findLast(({ destination }) => {
    const folder = posix.normalize(destination)
    return whole === folder || whole.startsWith(folder === '/' ? '/' : `${folder}/`)
  })
}

function isBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind')
}

function openBelow(source: string, rest: string, flags: number): number | undefined {
  try {
    if (rest === '') return openSync(source, flags)
    const folder = openRoot(source)
    try {
      return tryOpen(folder, rest, flags)
    } finally {
      folder.close()
    }
  } catch {
    return undefined // No such source: the mount would have failed.
  }
}

function tryOpen(root: UntrustedRoot, path: string, flags: number): number | undefined {
  try {
    return openInRoot(root.descriptor, path, { flags })
  } catch {
    return undefined
  }
}

/** proc_pid_mountinfo(5): the mount's own options are its sixth field. */
function isMountedNoexec(descriptor: number, table: string): boolean {
  const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')
  const id = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1]
  const line = readFileSync(table, 'latin1')
    .split('\n')
    .find((one) => one.startsWith(`${id} `))
  return line?.split(' ')[5]?.split(',').includes('noexec') ?? false
}

/** Open, hand over, close; undefined where it cannot be opened. */
export function withOpened<T>(
  view: ContainerView,
  path: string,
  flags: number,
  use: (descriptor: number) => T,
): T | undefined {
  const descriptor = view.open(path, flags)
  if (descriptor === undefined) return undefined
  try {
    return use(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Flags that touch nothing: a FIFO or device is not opened by them. */
export const lookOnly = openFlags.path
/** Flags to read a regular file or folder with. */
export const readOnly = constants.O_RDONLY | openFlags.nonBlock | openFlags.noCtty
