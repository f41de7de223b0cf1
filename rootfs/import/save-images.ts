import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { endOfArchive, formatTarHeader, tarPadding } from '../layer/tar-writer.ts'
import { readPieces } from '../store/blob-source.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { familiarName, parseReference } from '../reference.ts'
import { blobPath, digestHex } from '../store/store-folders.ts'
import { parseManifest } from './manifest.ts'

export type ArchiveFormat = 'oci-archive' | 'docker-archive'

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'

/**
 * Write images to an archive that docker, podman and skopeo read. The same images give the same bytes.
 *
 * @param output descriptor to write to
 */
export function saveImages(
  store: ImageStore,
  images: readonly Image[],
  format: ArchiveFormat,
  output: number,
): void {
  const written = new Set<string>()
  const blob = (digest: string, name: string): void => {
    if (written.has(name)) return
    written.add(name)
    writeFile(output, name, blobPath(store.folders, digest))
  }
  const extension = format === 'docker-archive' ? { config: '.json', layer: '.tar' } : undefined
  const entries = images.map((image) => {
    const { layers } = manifestOf(store, image)
    const config = extension
      ? `${digestHex(image.id)}${extension.config}`
      : `blobs/sha256/${digestHex(image.id)}`
    const paths = layers.map(({ digest }) =>
      extension ? `${digestHex(digest)}${extension.layer}` : `blobs/sha256/${digestHex(digest)}`,
    )
    blob(image.id, config)
    for (const [at, { digest }] of layers.entries()) blob(digest, paths[at] ?? '')
    if (!extension) blob(image.digest, `blobs/sha256/${digestHex(image.digest)}`)
    return { Config: config, RepoTags: image.references.map(shortReference), Layers: paths }
  })
  if (extension) writeText(output, 'manifest.json', JSON.stringify(entries))
  else {
    writeText(output, 'index.json', JSON.stringify(indexOf(store, images)))
    writeText(output, 'oci-layout', '{"imageLayoutVersion":"1.0.0"}')
  }
  writeAll(output, endOfArchive)
}

function manifestOf(store: ImageStore, image: Image): { layers: readonly { digest: string }[] } {
  const text = readFileSync(blobPath(store.folders, image.digest), 'utf8')
  const manifest = parseManifest(text, undefined)
  return manifest.kind === 'manifest' ? manifest : { layers: [] }
}

function indexOf(store: ImageStore, images: readonly Image[]): object {
  const manifests = images.flatMap((image) => {
    const path = blobPath(store.folders, image.digest)
    const own = (JSON.parse(readFileSync(path, 'utf8')) as { mediaType?: string }).mediaType
    const descriptor = {
      mediaType: own ?? manifestMediaType,
      digest: image.digest,
      size: statSync(path).size,
    }
    if (image.references.length === 0) return [descriptor]
    return image.references.map((reference) => ({
      ...descriptor,
      annotations: {
        'io.containerd.image.name': reference,
        'org.opencontainers.image.ref.name': reference,
      },
    }))
  })
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }
}

function shortReference(reference: string): string {
  const parsed = parseReference(reference)
  return `${familiarName(parsed)}:${parsed.tag ?? 'latest'}`
}

function writeFile(output: number, name: string, path: string): void {
  const { size } = statSync(path)
  writeAll(output, memberHeader(name, size))
  const descriptor = openSync(path, 'r')
  try {
    for (const piece of readPieces({ descriptor, offset: 0, size })) writeAll(output, piece)
  } finally {
    closeSync(descriptor)
  }
  writeAll(output, tarPadding(size))
}

function writeText(output: number, name: string, text: string): void {
  const content = Buffer.from(text)
  writeAll(
    output,
    Buffer.concat([memberHeader(name, content.length), content, tarPadding(content.length)]),
  )
}

function memberHeader(name: string, size: number): Buffer {
  return formatTarHeader({ type: 'file', name, mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })
}

function writeAll(output: number, piece: Buffer): void {
  for (let at = 0; at < piece.length;) {
    try {
      at += writeSync(output, piece, at)
    } catch (error) {
      // A pipe in non-blocking mode that is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
