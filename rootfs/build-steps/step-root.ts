import { mountAttributes } from '../../native/mount.ts'
import { joinLayers } from '../join-layers.ts'
import { type UntrustedRoot, openRoot } from '../path-in-root.ts'
import type { StepFolder } from './step-folder.ts'

/**
 * The root that a step sees, as a folder to write into: the layers below, and changes go to the
 * step's upper folder. No mount table lists it, and it is gone when it is closed.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. without the right to mount overlayfs
 */
export function openStepRoot({ layersBelow, upper, work }: StepFolder): UntrustedRoot {
  if (layersBelow.length === 0) return openRoot(upper)
  const attributes = mountAttributes.noDev | mountAttributes.noSuid
  // The layer is believed only once it has its name; to wait for the disk at every step is wasted.
  return joinLayers({
    layers: layersBelow,
    writable: { upper, work },
    attributes,
    isVolatile: true,
  })
}
