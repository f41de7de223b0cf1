// Media types of what a registry calls manifests. Pure.

export const manifestTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const

const schema1Types: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
])

/** Everything that we can read, for `Accept`. */
export const acceptedManifests = Object.values(manifestTypes).join(', ')

export function isSchema1(mediaType: string): boolean {
  return schema1Types.has(mediaType)
}

export function isIndexType(mediaType: string): boolean {
  return mediaType === manifestTypes.ociIndex || mediaType === manifestTypes.dockerList
}

export function isImageManifestType(mediaType: string): boolean {
  return mediaType === manifestTypes.ociManifest || mediaType === manifestTypes.dockerManifest
}
