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

/**
 * Id of the image that `text` names: a reference as docker reads it (also below localhost/),
 * a full id, or the beginning of one that only one image has.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` where the reference is malformed or the id ambiguous
 */
export function findImageId(database: Database, text: string): string | undefined {
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1]
  const isFullId = prefix?.length === 64 || text.startsWith('sha256:')
  if (!isFullId) {
    const id = findByReference(database, text)
    if (id !== undefined) return id
  }
  return prefix === undefined ? undefined : findByPrefix(database, prefix)
}

function findByReference(database: Database, text: string): string | undefined {
  for (const candidate of candidateReferences(text)) {
    const id =
      candidate.digest === undefined
        ? findByName(database, formatReference(candidate))
        : findByDigest(database, candidate, candidate.digest)
    if (id !== undefined) return id
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

/** Id behind a full reference with a tag. */
function findByName(database: Database, name: string): string | undefined {
  return textColumn(database.get('SELECT image_id FROM reference WHERE name = ?', name), 'image_id')
}

function findByDigest(
  database: Database,
  reference: ImageReference,
  digest: string,
): string | undefined {
  const repository = repositoryName(reference)
  const rows = database.all(
    `SELECT image.id AS id, reference.name AS name FROM image
     JOIN reference ON reference.image_id = image.id WHERE image.digest = ?`,
    digest,
  )
  const match = rows.find((row) => {
    const name = textColumn(row, 'name') ?? ''
    return name.startsWith(`${repository}:`) || name.startsWith(`${repository}@`)
  })
  return textColumn(match, 'id')
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
