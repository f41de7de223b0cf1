import { statSync } from 'node:fs'
import { familiarName, parseReference } from '../reference.ts'
import { indexMediaTypes } from '../store/format-manifest.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { blobPath, digestHex } from '../store/store-folders.ts'
import type { FileSink } from './file-sink.ts'
import { descriptorsIn, isManifestType } from './manifest.ts'
import { readStoredDocument, storedMediaType } from './stored-document.ts'

export type SaveLayout = 'oci' | 'docker'

/** What is to be saved: an image, or an index or artifact that is kept whole. */
export interface SavedContent {
  /** Absent for what is no image. */
  readonly image?: Image | undefined
  /** Digest of its manifest or index. */
  readonly digest: string
  readonly references: readonly string[]
}

/** Write images as docker, podman and skopeo read them. The same images give the same bytes. */
export function saveImages(
  store: ImageStore,
  contents: readonly SavedContent[],
  layout: SaveLayout,
  sink: FileSink,
): void {
  if (layout === 'docker') saveDocker(store, contents, sink)
  else saveOci(store, contents, sink)
}

function saveDocker(store: ImageStore, contents: readonly SavedContent[], sink: FileSink): void {
  const written = new Set<string>()
  const blob = (digest: string, name: string): string => {
    if (!written.has(name)) sink.file(name, blobPath(store.folders, digest))
    written.add(name)
    return name
  }
  const entries = contents.flatMap(({ image, digest, references }) => {
    if (!image) return []
    const { layers } = JSON.parse(readStoredDocument(store, digest).toString()) as {
      layers: { digest: string }[]
    }
    const config = blob(image.id, `${digestHex(image.id)}.json`)
    const paths = layers.map((layer) => blob(layer.digest, `${digestHex(layer.digest)}.tar`))
    return [{ Config: config, RepoTags: references.flatMap(shortReference), Layers: paths }]
  })
  sink.text('manifest.json', JSON.stringify(entries))
}

function saveOci(store: ImageStore, contents: readonly SavedContent[], sink: FileSink): void {
  const written = new Set<string>()
  for (const { digest } of contents) writeBelow(store, digest, sink, written)
  const manifests = contents.flatMap((content) => indexEntries(store, content))
  const index = { schemaVersion: 2, mediaType: indexMediaTypes.oci, manifests }
  sink.text('index.json', JSON.stringify(index))
  sink.text('oci-layout', '{"imageLayoutVersion":"1.0.0"}')
}

/** The document, and before it all that it names and that is here: platforms of an index may be missing. */
function writeBelow(store: ImageStore, digest: string, sink: FileSink, written: Set<string>): void {
  for (const descriptor of descriptorsIn(readStoredDocument(store, digest))) {
    const path = blobPath(store.folders, descriptor.digest)
    if (!statSync(path, { throwIfNoEntry: false })) continue
    if (isManifestType(descriptor.mediaType)) writeBelow(store, descriptor.digest, sink, written)
    else writeBlob(store, descriptor.digest, sink, written)
  }
  writeBlob(store, digest, sink, written)
}

function writeBlob(store: ImageStore, digest: string, sink: FileSink, written: Set<string>): void {
  if (written.has(digest)) return
  written.add(digest)
  sink.file(`blobs/sha256/${digestHex(digest)}`, blobPath(store.folders, digest))
}

function indexEntries(store: ImageStore, { digest, references }: SavedContent): object[] {
  const descriptor = {
    mediaType: storedMediaType(store, digest),
    digest,
    size: statSync(blobPath(store.folders, digest)).size,
  }
  if (references.length === 0) return [descriptor]
  return references.map((reference) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': reference,
    },
  }))
}

/** Docker's archives know tags only. */
function shortReference(reference: string): string[] {
  const parsed = parseReference(reference)
  return parsed.tag === undefined ? [] : [`${familiarName(parsed)}:${parsed.tag}`]
}
