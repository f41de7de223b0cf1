import type { Compression } from '../layer/decompress.ts'
import type { StoredLayer } from './layer-note.ts'

// Manifests that we write ourselves. Pure.

export type ImageFormat = 'oci' | 'docker'

export const manifestMediaTypes: Readonly<Record<ImageFormat, string>> = {
  oci: 'application/vnd.oci.image.manifest.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.v2+json',
}
export const indexMediaTypes: Readonly<Record<ImageFormat, string>> = {
  oci: 'application/vnd.oci.image.index.v1+json',
  docker: 'application/vnd.docker.distribution.manifest.list.v2+json',
}
export const configMediaTypes: Readonly<Record<ImageFormat, string>> = {
  oci: 'application/vnd.oci.image.config.v1+json',
  docker: 'application/vnd.docker.container.image.v1+json',
}
const layerMediaTypes: Readonly<Record<ImageFormat, Readonly<Record<Compression, string>>>> = {
  oci: {
    none: 'application/vnd.oci.image.layer.v1.tar',
    gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
    zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  },
  docker: {
    none: 'application/vnd.docker.image.rootfs.diff.tar',
    gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    zstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  },
}

export function layerMediaType(format: ImageFormat, compression: Compression): string {
  return layerMediaTypes[format][compression]
}

export interface ContentDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** @see https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export function formatManifest(
  format: ImageFormat,
  config: ContentDescriptor,
  layers: readonly Pick<StoredLayer, 'digest' | 'blobSize' | 'compression'>[],
  annotations: Readonly<Record<string, string>> = {},
): Buffer {
  const hasAnnotations = format === 'oci' && Object.keys(annotations).length > 0
  const document = {
    schemaVersion: 2,
    mediaType: manifestMediaTypes[format],
    config,
    layers: layers.map(({ digest, blobSize, compression }) => ({
      mediaType: layerMediaType(format, compression),
      digest,
      size: blobSize,
    })),
    ...(hasAnnotations ? { annotations } : {}),
  }
  return Buffer.from(JSON.stringify(document))
}
