import { OperationError } from '../../native/error.ts'
import {
  defaultDomain,
  formatReference,
  parseReference,
  repositoryName,
  withDefaultTag,
  type ImageReference,
} from '../reference.ts'
import type { Database, SqlRow } from './database.ts'

/** An image that was found, and the digest of the manifest that its name stands for. */
export interface FoundImage {
  readonly id: string
  readonly digest: string | undefined
}

/**
 * The image that `text` names: a reference as docker reads it (also below localhost/),
 * a full id, or the beginning of one that only one image has.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` where the reference is malformed or the id ambiguous
 */
export function findImageId(database: Database, text: string): FoundImage | undefined {
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1]
  const isFullId = prefix?.length === 64 || text.startsWith('sha256:')
  if (!isFullId) {
    const found = findByReference(database, text)
    if (found) return found
  }
  const id = prefix === undefined ? undefined : findByPrefix(database, prefix)
  return id === undefined ? undefined : { id, digest: undefined }
}

function findByReference(database: Database, text: string): FoundImage | undefined {
  for (const candidate of candidateReferences(text)) {
    const found =
      candidate.digest === undefined
        ? findByName(database, formatReference(candidate))
        : findByDigest(database, candidate, candidate.digest)
    if (found) return found
  }
  return undefined
}

/**
 * What a text may name, best first: the reference as docker reads it, then, where no registry was
 * given, the same name below localhost/.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function candidateReferences(text: string): ImageReference[] {
  const full = withDefaultTag(parseReference(text))
  const isExplicit = /^(?:index\.)?docker\.io\//.test(text)
  if (full.domain !== defaultDomain || isExplicit) return [full]
  const path = full.path.startsWith('library/') ? full.path.slice('library/'.length) : full.path
  return [full, { ...full, domain: 'localhost', path }]
}

/** Which of an image's full references the text names; undefined where it names the id or a digest. */
export function namedReference(references: readonly string[], text: string): string | undefined {
  if (text.startsWith('sha256:') || /^[0-9a-f]{64}$/.test(text)) return undefined
  return candidateReferences(text)
    .map((candidate) => formatReference({ ...candidate, digest: undefined }))
    .find((name) => references.includes(name))
}

/** The image behind a full reference with a tag. */
function findByName(database: Database, name: string): FoundImage | undefined {
  const row = database.get('SELECT image_id, digest FROM reference WHERE name = ?', name)
  const id = textColumn(row, 'image_id')
  return id === undefined ? undefined : { id, digest: textColumn(row, 'digest') }
}

/** The digest may be that of an index that led to the image. */
function findByDigest(
  database: Database,
  reference: ImageReference,
  digest: string,
): FoundImage | undefined {
  const repository = repositoryName(reference)
  const rows = database.all(
    `SELECT image_manifest.image_id AS id, reference.name AS name, reference.digest AS digest
     FROM image_manifest JOIN reference ON reference.image_id = image_manifest.image_id
     WHERE image_manifest.digest = ?`,
    digest,
  )
  const match = rows.find((row) => {
    const name = textColumn(row, 'name') ?? ''
    return name.startsWith(`${repository}:`) || name.startsWith(`${repository}@`)
  })
  const id = textColumn(match, 'id')
  return id === undefined ? undefined : { id, digest: textColumn(match, 'digest') }
}

function findByPrefix(database: Database, prefix: string): string | undefined {
  const first = `sha256:${prefix}`
  const rows = database.all(
    'SELECT id FROM image WHERE id >= ? AND id < ? LIMIT 2',
    first,
    `${first}g`,
  )
  if (rows.length > 1)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'find an image',
      { id: prefix },
      { hint: 'Several images have an id that begins so; give more digits' },
    )
  return textColumn(rows[0], 'id')
}

function textColumn(row: SqlRow | undefined, column: string): string | undefined {
  const value = row?.[column]
  return typeof value === 'string' ? value : undefined
}
