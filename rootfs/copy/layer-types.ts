import { OperationError } from '../../native/error.ts'
import type { Compression } from '../layer/decompress.ts'
import type { ImageFormat } from '../store/format-manifest.ts'
import { layerMediaType } from '../store/format-manifest.ts'
import type { ContentDescriptor } from '../registry-client/image-document.ts'

// What the media type of a layer tells. Pure.

const layerPattern =
  /^application\/vnd\.(?:oci\.image\.layer\.(nondistributable\.)?v1\.tar(?:\+(gzip|zstd))?|docker\.image\.rootfs\.(foreign\.)?diff\.tar(?:\.(gzip|zstd))?)$/

export interface LayerType {
  readonly compression: Compression
  /** It may not be distributed: only its owner's servers have it. */
  readonly isForeign: boolean
}

/** @returns undefined for what is no layer of a file system */
export function readLayerType(mediaType: string): LayerType | undefined {
  const found = layerPattern.exec(mediaType)
  if (!found) return undefined
  const [, oci, ociCompression, docker, dockerCompression] = found
  const compression = ociCompression ?? dockerCompression ?? 'none'
  return {
    compression: compression as Compression,
    isForeign: (oci ?? docker) !== undefined,
  }
}

export function isForeignLayer({ mediaType }: ContentDescriptor): boolean {
  return readLayerType(mediaType)?.isForeign ?? false
}

/** The media type of the same layer in another format or compression. @throws {OperationError} `UNSUPPORTED` */
export function convertLayerType(
  mediaType: string,
  format: ImageFormat,
  compression: Compression | undefined,
): string {
  const type = readLayerType(mediaType)
  if (!type)
    throw new OperationError(
      'UNSUPPORTED',
      'convert a layer',
      { mediaType: mediaType.slice(0, 100) },
      { hint: 'It is an artifact and no container image: copy it as it is' },
    )
  const plain = layerMediaType(format, compression ?? type.compression)
  if (!type.isForeign) return plain
  return plain
    .replace('oci.image.layer.v1', 'oci.image.layer.nondistributable.v1')
    .replace('rootfs.diff', 'rootfs.foreign.diff')
}
