import { OperationError } from '../../native/error.ts'
import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import { type Database, type SqlRow, databaseExists, openDatabase } from './database.ts'
import { findImageId } from './find-image.ts'
import { announceImage } from './image-events.ts'
import type { Image, ImageRecord } from './image.ts'
import { type StoreFolders, layerFolder, makeStoreFolders, storeFolders } from './store-folders.ts'

export interface ImageStoreOptions {
  readonly dataDir: string
  readonly runDir: string
}

/**
 * The images of one data folder. Any number of processes may use it at once. Nothing is
 * opened before the first call, nothing is made before something is added.
 */
export interface ImageStore {
  readonly folders: StoreFolders
  readonly runDir: string
  /** @throws {OperationError} `INVALID_ARGUMENT` for a malformed reference or an ambiguous id */
  find(reference: string): Image | undefined
  /** As `find`. @throws {OperationError} `NOT_FOUND` */
  require(reference: string): Image
  /** All images, newest first. */
  list(): Image[]
  /** Give an image another reference, taking it from the image that had it. */
  tag(source: string, target: string): void
  /** Whether anything was ever stored here. */
  exists(): boolean
  /** Metadata, for the rest of rootfs/; made when missing. */
  database(): Database
  close(): void
}

export function openImageStore({ dataDir, runDir }: ImageStoreOptions): ImageStore {
  const folders = storeFolders(dataDir)
  let opened: Database | undefined
  const database = (): Database => {
    if (opened) return opened
    makeStoreFolders(folders)
    opened = openDatabase(dataDir)
    return opened
  }
  const existing = (): Database | undefined =>
    opened ?? (databaseExists(dataDir) ? database() : undefined)
  const answers = new Map<string, Image | undefined>()
  let seen = ''
  const find = (reference: string): Image | undefined => {
    const found = existing()
    if (!found) return undefined
    // A process that starts many containers asks the same again and again.
    const state = contentVersion(found)
    if (state !== seen) answers.clear()
    seen = state
    if (!answers.has(reference)) answers.set(reference, lookUp(found, folders, reference))
    return answers.get(reference)
  }
  const requireImage = (reference: string): Image => find(reference) ?? missing(reference)
  return {
    folders,
    runDir,
    find,
    require: requireImage,
    list: () => listImages(existing(), folders),
    tag(source, target) {
      const { id, digest } = requireImage(source)
      requireNoDigest(target)
      const name = setReference(database(), target, id, digest)
      announceImage({ runDir }, 'tag', id, name)
    },
    exists: () => databaseExists(dataDir),
    database,
    close: () => {
      opened?.close()
      opened = undefined
    },
  }
}

function lookUp(database: Database, folders: StoreFolders, reference: string): Image | undefined {
  const found = findImageId(database, reference)
  if (!found) return undefined
  const image = loadImage(database, folders, found.id)
  // An image may have come several times, compressed differently: the name says which is meant.
  return image && found.digest !== undefined ? { ...image, digest: found.digest } : image
}

/** Changes with every commit, of another connection (PRAGMA data_version) or of this one. */
function contentVersion(database: Database): string {
  const others = database.get('PRAGMA data_version')?.['data_version']
  const own = database.get('SELECT total_changes() AS own')?.['own']
  return `${String(others)} ${String(own)}`
}

function requireNoDigest(reference: string): void {
  if (parseReference(reference).digest === undefined) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'tag an image',
    { reference },
    { hint: 'A digest cannot be assigned; give a name and a tag' },
  )
}

/**
 * Point a reference at an image, within a transaction or alone. The tag defaults to "latest"; with a
 * digest the name is kept without a tag, for what was pulled by digest.
 *
 * @param digest of the manifest that the name stands for
 */
export function setReference(
  database: Database,
  reference: string,
  imageId: string,
  digest: string,
): string {
  const parsed = parseReference(reference)
  const pinned = parsed.digest !== undefined
  const name = formatReference(pinned ? { ...parsed, tag: undefined } : withDefaultTag(parsed))
  database.run(
    `INSERT INTO reference (name, image_id, digest) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id, digest = excluded.digest`,
    name,
    imageId,
    digest,
  )
  return name
}

// One statement, so that an image is never seen without the references it was entered with.
const imageColumns = `SELECT id, digest, added, record, (SELECT json_group_array(name) FROM
  (SELECT name FROM reference WHERE image_id = image.id ORDER BY name)) AS names FROM image`

/** The image with this full id. */
export function loadImage(
  database: Database,
  folders: StoreFolders,
  id: string,
): Image | undefined {
  const row = database.get(`${imageColumns} WHERE id = ?`, id)
  return row && toImage(folders, row)
}

function listImages(database: Database | undefined, folders: StoreFolders): Image[] {
  if (!database) return []
  return database.all(`${imageColumns} ORDER BY added DESC, id`).map((row) => toImage(folders, row))
}

function toImage(folders: StoreFolders, row: SqlRow): Image {
  const record = JSON.parse(String(row['record'])) as ImageRecord
  return {
    id: String(row['id']),
    digest: String(row['digest']),
    references: JSON.parse(String(row['names'])) as string[],
    added: Number(row['added']),
    config: { ...emptyConfig, ...record.config },
    layerFolders: record.chainIds.map((chainId) => layerFolder(folders, chainId)),
    size: record.size,
    passwd: record.passwd,
    group: record.group,
  }
}

/** JSON drops what is undefined; these keys are then missing. */
const emptyConfig = {
  cmd: undefined,
  entrypoint: undefined,
  stopSignal: undefined,
  healthcheck: undefined,
  shell: undefined,
  variant: undefined,
  created: undefined,
  author: undefined,
}

function missing(reference: string): never {
  throw new OperationError(
    'NOT_FOUND',
    'find an image',
    { reference },
    { hint: 'See "myimage ls", or make one with "myimage load", "import" or "from-host"' },
  )
}
