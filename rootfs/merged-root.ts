import { closeSync } from 'node:fs'
import { requireSuccess } from '../native/ffi/library.ts'
import {
  createFileSystem,
  mountAttributes,
  mountDetached,
  openFileSystem,
  setFileSystemText,
} from '../native/mount.ts'
import { type UntrustedRoot, openRoot } from './path-in-root.ts'

/**
 * Layers as one tree, to be read only. The mount is never attached anywhere: no table lists it, and
 * it is gone when the root is closed.
 *
 * @param layers absolute folders, lowest first, at least one
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. without the right to mount overlayfs
 * @see fsopen(2), https://docs.kernel.org/filesystems/overlayfs.html
 */
export function openMergedRoot(layers: readonly string[]): UntrustedRoot {
  const [only] = layers
  // overlayfs refuses to join a single layer.
  if (only !== undefined && layers.length === 1) return openRoot(only)
  const context = requireSuccess(openFileSystem('overlay'), 'prepare an overlay', {})
  try {
    for (const layer of layers.toReversed())
      requireSuccess(setFileSystemText(context, 'lowerdir+', layer), 'add a layer', { layer })
    requireSuccess(createFileSystem(context), 'join layers', { layers: layers.length })
    const attributes = mountAttributes.readOnly | mountAttributes.noDev | mountAttributes.noSuid
    const descriptor = requireSuccess(mountDetached(context, attributes), 'mount layers', {})
    const close = (): void => closeSync(descriptor)
    return { descriptor, close, [Symbol.dispose]: close }
  } finally {
    closeSync(context)
  }
}
