import { randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeAll } from '../../native/write-all.ts'
import { endOfArchive, formatTarHeader, tarPadding } from '../layer/tar-writer.ts'
import { familiarName, parseReference } from '../reference.ts'
import { readImageDocument } from '../registry-client/image-document.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import { readPieces } from '../store/blob-source.ts'
import { blobName } from './files-source.ts'
import type { ImageDestination } from './image-destination.ts'
import { layoutDestination } from './layout-destination.ts'

/** An OCI layout in one tar file. */
export function ociArchiveDestination(
  path: string,
  label: string,
  name: string | undefined,
): ImageDestination {
  return archiveDestination(path, label, name, () => undefined)
}

/** What `docker load` reads. Layers stay compressed as they are; docker unpacks either. */
export function dockerArchiveDestination(
  path: string,
  label: string,
  name: string | undefined,
): ImageDestination {
  return {
    ...archiveDestination(path, label, name, (manifest) => dockerFiles(manifest, name)),
    onlyFormat: 'docker',
    holdsIndexes: false,
  }
}

interface Member {
  readonly name: string
  /** File below the layout, or the content itself. */
  readonly from: string | Buffer
}

/** Gathered in a layout beside the target, which appears whole or not at all. */
function archiveDestination(
  path: string,
  label: string,
  name: string | undefined,
  members: (root: RawManifest) => readonly Member[] | undefined,
): ImageDestination {
  const target = resolve(path)
  const folder = mkdtempSync(join(dirname(target), '.image-'))
  const layout = layoutDestination(folder, label, name)
  let root: RawManifest | undefined
  return {
    ...layout,
    async putManifest(manifest, isRoot) {
      if (isRoot) root = manifest
      await layout.putManifest(manifest, isRoot)
    },
    async finish() {
      await layout.finish()
      const chosen = root && members(root)
      writeArchive(folder, target, chosen ?? layoutMembers(folder))
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

function layoutMembers(folder: string): Member[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => statSync(join(folder, name)).isFile())
    .toSorted()
    .map((name) => ({ name, from: name }))
}

function dockerFiles(root: RawManifest, name: string | undefined): Member[] {
  const document = readImageDocument(root.content, root.mediaType)
  if (document.kind === 'index') return []
  const hex = (digest: string): string => digest.slice(digest.indexOf(':') + 1)
  const config = `${hex(document.config.digest)}.json`
  const layers = document.layers.map(({ digest }) => ({ name: `${hex(digest)}.tar`, digest }))
  const entry = {
    Config: config,
    RepoTags: name === undefined ? [] : [shortName(name)],
    Layers: layers.map((layer) => layer.name),
  }
  const seen = new Set<string>()
  return [
    { name: config, from: blobName(document.config.digest) },
    ...layers
      .filter((layer) => !seen.has(layer.name) && seen.add(layer.name))
      .map((layer) => ({ name: layer.name, from: blobName(layer.digest) })),
    { name: 'manifest.json', from: Buffer.from(JSON.stringify([entry])) },
  ]
}

function shortName(name: string): string {
  const reference = parseReference(name)
  return `${familiarName(reference)}:${reference.tag ?? 'latest'}`
}

function writeArchive(folder: string, target: string, members: readonly Member[]): void {
  const temporary = `${target}.${randomUUID()}.tmp`
  const output = openSync(temporary, 'wx', 0o644)
  try {
    for (const { name, from } of members) {
      const content = typeof from === 'string' ? undefined : from
      const path = typeof from === 'string' ? join(folder, from) : ''
      const size = content?.length ?? statSync(path).size
      writeAll(
        output,
        formatTarHeader({ type: 'file', name, mode: 0o644, uid: 0, gid: 0, size, mtime: 0 }),
      )
      if (content) writeAll(output, content)
      else copyFile(output, path, size)
      writeAll(output, tarPadding(size))
    }
    writeAll(output, endOfArchive)
    fsyncSync(output)
    renameSync(temporary, target)
  } finally {
    closeSync(output)
    rmSync(temporary, { force: true })
  }
}

function copyFile(output: number, path: string, size: number): void {
  // Small ones are most of them.
  if (size < 64 * 1024) return writeAll(output, readFileSync(path))
  const descriptor = openSync(path, 'r')
  try {
    for (const piece of readPieces({ descriptor, offset: 0, size })) writeAll(output, piece)
  } finally {
    closeSync(descriptor)
  }
}
