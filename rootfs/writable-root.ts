import { closeSync } from 'node:fs'
import { requireSuccess } from '../native/ffi/library.ts'
import {
  createFileSystem,
  mountAttributes,
  mountDetached,
  openFileSystem,
  setFileSystemText,
} from '../native/mount.ts'
import type { UntrustedRoot } from './path-in-root.ts'

/**
 * Layers with a writable folder over them as one tree. The mount is never attached anywhere. The
 * caller sees to it that nobody else has the writable folder mounted: two overlays over one upper
 * folder corrupt it.
 *
 * @param layers absolute folders, lowest first, at least one
 * @throws {OperationError} `SYSCALL_FAILED`
 * @see https://docs.kernel.org/filesystems/overlayfs.html
 */
export function openWritableRoot(
  layers: readonly string[],
  writable: { readonly upper: string; readonly work: string },
): UntrustedRoot {
  const context = requireSuccess(openFileSystem('overlay'), 'prepare an overlay', {})
  const set = (key: string, value: string): void => {
    requireSuccess(setFileSystemText(context, key, value), 'set up an overlay', { key, value })
  }
  try {
    for (const layer of layers.toReversed()) set('lowerdir+', layer)
    set('upperdir', writable.upper)
    set('workdir', writable.work)
    requireSuccess(createFileSystem(context), 'join layers', { layers: layers.length })
    const attributes = mountAttributes.noDev | mountAttributes.noSuid
    const descriptor = requireSuccess(mountDetached(context, attributes), 'mount layers', {})
    const close = (): void => closeSync(descriptor)
    return { descriptor, close, [Symbol.dispose]: close }
  } finally {
    closeSync(context)
  }
}
