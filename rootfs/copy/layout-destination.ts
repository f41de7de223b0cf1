import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { manifestTypes } from '../registry-client/manifest-types.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import { replaceFile, writeBlobFile } from './blob-file.ts'
import { blobName } from './files-source.ts'
import type { ImageDestination } from './image-destination.ts'

interface IndexEntry {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

const refName = 'org.opencontainers.image.ref.name'

/**
 * An OCI layout in a folder, made where there is none; images that it has stay.
 *
 * @param name annotation of the image; what had that name loses it
 * @throws {OperationError} `INVALID_ARGUMENT` where the folder is something else
 */
export function layoutDestination(
  folder: string,
  label: string,
  name: string | undefined,
): ImageDestination {
  requireLayoutOrNothing(folder)
  const parts: IndexEntry[] = []
  let root: IndexEntry | undefined
  return {
    label,
    async putBlob(offer) {
      const path = join(folder, blobName(offer.blob.digest))
      if (statSync(path, { throwIfNoEntry: false })?.size === offer.blob.size) return 'present'
      await writeBlobFile(path, offer)
      return 'copied'
    },
    async putManifest(manifest, isRoot) {
      replaceFile(join(folder, blobName(manifest.digest)), manifest.content)
      if (isRoot) root = entryOf(manifest, name)
      else if (hasSubject(manifest)) parts.push(entryOf(manifest, undefined))
    },
    async finish() {
      replaceFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
      const added = [...(root ? [root] : []), ...parts]
      replaceFile(join(folder, 'index.json'), JSON.stringify(withEntries(folder, added)))
    },
    close: () => Promise.resolve(),
  }
}

function requireLayoutOrNothing(folder: string): void {
  mkdirSync(folder, { recursive: true })
  if (existsSync(join(folder, 'oci-layout')) || !existsSync(join(folder, 'index.json'))) return
  throw new OperationError('INVALID_ARGUMENT', 'write an OCI layout', {
    folder,
    reason: 'it has an index.json, but is no layout',
  })
}

function entryOf(
  { mediaType, digest, content }: RawManifest,
  name: string | undefined,
): IndexEntry {
  const descriptor = { mediaType, digest, size: content.length }
  return name === undefined ? descriptor : { ...descriptor, annotations: { [refName]: name } }
}

/** Only what says whom it is about is found without a name of its own. */
function hasSubject({ content }: RawManifest): boolean {
  return 'subject' in (JSON.parse(content.toString()) as object)
}

function withEntries(folder: string, added: readonly IndexEntry[]): object {
  const path = join(folder, 'index.json')
  const known = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { manifests?: IndexEntry[] })
    : {}
  const names = new Set(added.map(({ annotations }) => annotations?.[refName]))
  const digests = new Set(added.map(({ digest }) => digest))
  const kept = (known.manifests ?? []).filter(({ digest, annotations }) => {
    const name = annotations?.[refName]
    return name === undefined ? !digests.has(digest) : !names.has(name)
  })
  return {
    schemaVersion: 2,
    mediaType: manifestTypes.ociIndex,
    ...known,
    manifests: [...kept, ...added],
  }
}
