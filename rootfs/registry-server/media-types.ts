/** Media types of the documents that a registry stores as manifests. */
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
const ociArtifact = 'application/vnd.oci.artifact.manifest.v1+json'
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** "blobs": an artifact manifest, which earlier release candidates of the specification had. */
export type ManifestShape = 'manifest' | 'index' | 'artifact'

const shapes: ReadonlyMap<string, ManifestShape> = new Map([
  [ociManifest, 'manifest'],
  [dockerManifest, 'manifest'],
  [ociIndex, 'index'],
  [dockerList, 'index'],
  [ociArtifact, 'artifact'],
])

export function shapeOfMediaType(mediaType: string): ManifestShape | undefined {
  return shapes.get(mediaType)
}

export function isSchema1(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+')
}

/** A media type without its parameters, in lower case. */
export function bareMediaType(header: string): string {
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/**
 * Whether a client that sent these Accept headers can read the type. A client that names no type of
 * manifest at all, as programs do that know nothing of registries, gets what there is.
 */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined) return true
  const accepted = header.split(',').map(bareMediaType)
  const namesManifests = accepted.some((type) => shapes.has(type) || isSchema1(type))
  return !namesManifests || accepted.some((type) => matches(type, mediaType))
}

function matches(accepted: string, mediaType: string): boolean {
  return accepted === mediaType || accepted === '*/*' || accepted === 'application/*'
}
