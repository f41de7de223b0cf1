import type { LayerInput } from '../store/blob-source.ts'
import { type TreeTarOptions, treeTar } from './tree-tar.ts'

export interface OverlayDiff extends Omit<TreeTarOptions, 'folder' | 'isUpper'> {
  /** The upper folder of an overlay; nobody writes to it meanwhile. */
  readonly upper: string
}

/**
 * What an overlay's upper folder changed, as an OCI layer: a plain tar whose bytes depend on the
 * files alone. Whiteouts become `.wh.NAME`, opaque folders get `.wh..wh..opq`; attributes of
 * overlayfs itself (`trusted.*`, `user.overlay.*`) are never written.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 * @see https://docs.kernel.org/filesystems/overlayfs.html — "whiteouts and opaque directories"
 * @throws {OperationError} `UNSUPPORTED` for an upper folder with redirect_dir or metacopy
 */
export function diffLayer({ upper, ...options }: OverlayDiff): Generator<Buffer> {
  return treeTar({ ...options, folder: upper, isUpper: true })
}

/** The same, for `addLayer`. */
export function overlayLayer(diff: OverlayDiff): LayerInput {
  return { size: undefined, pieces: () => diffLayer(diff) }
}
