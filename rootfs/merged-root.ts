import { mountAttributes } from '../native/mount.ts'
import { joinLayers } from './join-layers.ts'
import { type UntrustedRoot, openRoot } from './path-in-root.ts'

/**
 * Layers as one tree, to be read only.
 *
 * @param layers absolute folders, lowest first, at least one
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. without the right to mount overlayfs
 */
export function openMergedRoot(layers: readonly string[]): UntrustedRoot {
  const [only] = layers
  // overlayfs refuses to join a single layer.
  if (only !== undefined && layers.length === 1) return openRoot(only)
  const attributes = mountAttributes.readOnly | mountAttributes.noDev | mountAttributes.noSuid
  return joinLayers({ layers, attributes })
}
