import { readStoredDocument, storedMediaType } from './import/stored-document.ts'
import { familiarName, parseReference } from './reference.ts'
import { parseImageConfiguration } from './store/image-config.ts'
import type { ImageStore } from './store/image-store.ts'
import type { Image } from './store/image.ts'
import { referenceDigests } from './store/reference-digests.ts'

/** The document of `docker image inspect`, with what podman adds. */
export function inspectImage(store: ImageStore, image: Image): Record<string, unknown> {
  const text = readStoredDocument(store, image.id).toString()
  const raw = JSON.parse(text) as Record<string, unknown>
  const manifest = JSON.parse(readStoredDocument(store, image.digest).toString()) as {
    annotations?: Record<string, string>
  }
  const { config, diffIds } = parseImageConfiguration(text)
  return {
    Id: image.id,
    RepoTags: image.references.filter(hasTag).map(familiarReference),
    RepoDigests: repositoryDigests(store, image),
    Digest: image.digest,
    Comment: raw['comment'] ?? '',
    Created: config.created ?? '',
    DockerVersion: raw['docker_version'] ?? '',
    Author: config.author ?? '',
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.size,
    VirtualSize: image.size,
    Config: raw['config'] ?? {},
    Labels: config.labels,
    User: config.user,
    Annotations: manifest.annotations ?? {},
    ManifestType: storedMediaType(store, image.digest),
    History: raw['history'] ?? [],
    GraphDriver: {
      Name: 'overlay',
      Data: { LowerDir: image.layerFolders.toReversed().join(':') },
    },
    RootFS: { Type: 'layers', Layers: diffIds },
    Metadata: { LastTagTime: new Date(image.added).toISOString() },
  }
}

/** Each name with the digest that it stands for. */
function repositoryDigests(store: ImageStore, image: Image): string[] {
  const digests = referenceDigests(store)
  const names = image.references.map(
    (reference) => `${parsedName(reference)}@${digests.get(reference) ?? image.digest}`,
  )
  return [...new Set(names)]
}

function parsedName(reference: string): string {
  return familiarName(parseReference(reference))
}

/** What was pulled by digest has none. */
function hasTag(reference: string): boolean {
  return parseReference(reference).tag !== undefined
}

function familiarReference(reference: string): string {
  return `${parsedName(reference)}:${parseReference(reference).tag ?? ''}`
}
