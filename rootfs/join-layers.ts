import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { requireSuccess } from '../native/ffi/library.ts'
import {
  createFileSystem,
  mountDetached,
  openFileSystem,
  setFileSystemFlag,
  setFileSystemText,
} from '../native/mount.ts'
import type { UntrustedRoot } from './path-in-root.ts'

export interface JoinOptions {
  /** Absolute folders, lowest first. */
  readonly layers: readonly string[]
  /** Absent: nothing can be written. */
  readonly writable?: { readonly upper: string; readonly work: string } | undefined
  /** Of `mountAttributes`. */
  readonly attributes: number
  /** Do not write everything to disk when it is closed (the writable folder cannot be mounted so again). */
  readonly isVolatile?: boolean | undefined
}

/**
 * An overlay that is never attached anywhere: no table lists it, and it is gone when it is closed.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. without the right to mount overlayfs, or with more
 *   than some 15 layers before Linux 6.8
 * @see fsopen(2), https://docs.kernel.org/filesystems/overlayfs.html
 */
export function joinLayers({
  layers,
  writable,
  attributes,
  isVolatile,
}: JoinOptions): UntrustedRoot {
  const context = requireSuccess(openFileSystem('overlay'), 'prepare an overlay', {})
  const opened: number[] = []
  // The kernel takes 255 bytes: a descriptor is short, and has no colon to take for a separator.
  const short = (folder: string): string => {
    const file = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    opened.push(file)
    return `/proc/self/fd/${file}`
  }
  const set = (key: string, folder: string, value = short(folder)): void =>
    void requireSuccess(setFileSystemText(context, key, value), 'add a layer', { key, folder })
  try {
    const topFirst = layers.toReversed()
    if (takesSingleLayers()) for (const layer of topFirst) set('lowerdir+', layer)
    else set('lowerdir', topFirst.join(':'), topFirst.map(short).join(':'))
    if (writable) {
      set('upperdir', writable.upper)
      set('workdir', writable.work)
    }
    if (isVolatile) setFileSystemFlag(context, 'volatile')
    // Elsewhere, the attributes that mark what is hidden are those of an ordinary user.
    if (isInnerUserNamespace()) setFileSystemFlag(context, 'userxattr')
    requireSuccess(createFileSystem(context), 'join layers', { layers: layers.length })
    const descriptor = requireSuccess(mountDetached(context, attributes), 'mount layers', {})
    const close = (): void => closeSync(descriptor)
    return { descriptor, close, [Symbol.dispose]: close }
  } finally {
    for (const file of opened) closeSync(file)
    closeSync(context)
  }
}

/** `lowerdir+` came with Linux 6.8. */
function takesSingleLayers(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 8)
}

/** Every id of the first user namespace is mapped to itself, see user_namespaces(7). */
function isInnerUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'))
}
