import { closeSync, constants, openSync, readFileSync } from 'node:fs'
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
}

/**
 * An overlay that is never attached anywhere: no table lists it, and it is gone when it is closed.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. without the right to mount overlayfs, or before
 *   Linux 6.8, which cannot take layers one by one
 * @see fsopen(2), https://docs.kernel.org/filesystems/overlayfs.html
 */
export function joinLayers({ layers, writable, attributes }: JoinOptions): UntrustedRoot {
  const context = requireSuccess(openFileSystem('overlay'), 'prepare an overlay', {})
  const opened: number[] = []
  const set = (key: string, folder: string): void => {
    // The kernel takes 255 bytes: a long path goes by its descriptor.
    const file = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    opened.push(file)
    const path = Buffer.byteLength(folder) < 256 ? folder : `/proc/self/fd/${file}`
    requireSuccess(setFileSystemText(context, key, path), 'add a layer', { key, folder })
  }
  try {
    for (const layer of layers.toReversed()) set('lowerdir+', layer)
    if (writable) {
      set('upperdir', writable.upper)
      set('workdir', writable.work)
    }
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

/** Every id of the first user namespace is mapped to itself, see user_namespaces(7). */
function isInnerUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'))
}
