import { mountAttributes } from '../native/mount.ts'
import { joinLayers } from './join-layers.ts'
import type { UntrustedRoot } from './path-in-root.ts'

/**
 * Layers with a writable folder over them as one tree. The caller sees to it that nobody else has
 * the writable folder mounted: two overlays over one upper folder corrupt it.
 *
 * @param layers absolute folders, lowest first, at least one
 * @throws {OperationError} `SYSCALL_FAILED`
 */
export function openWritableRoot(
  layers: readonly string[],
  writable: { readonly upper: string; readonly work: string },
): UntrustedRoot {
  const attributes = mountAttributes.noDev | mountAttributes.noSuid
  return joinLayers({ layers, writable, attributes })
}
