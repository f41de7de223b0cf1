import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { OperationError } from '../../native/error.ts'

// The only file that knows node:sqlite, whose names still move between Node versions.

export type SqlValue = string | number | bigint | null
export type SqlRow = Readonly<Record<string, SqlValue>>

export interface Database {
  /** All rows of a query. */
  all(sql: string, ...values: SqlValue[]): SqlRow[]
  /** The first row of a query. */
  get(sql: string, ...values: SqlValue[]): SqlRow | undefined
  run(sql: string, ...values: SqlValue[]): void
  /** Run `work` in one write transaction: all of it is kept, or nothing when it throws. */
  write<Result>(work: () => Result): Result
  close(): void
}

const schemaVersion = 2
const busyTimeoutMs = 20_000

const schema = `
CREATE TABLE IF NOT EXISTS image (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  added INTEGER NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS image_digest ON image(digest);
CREATE TABLE IF NOT EXISTS reference (
  name TEXT PRIMARY KEY,
  image_id TEXT NOT NULL REFERENCES image(id),
  digest TEXT
);
CREATE INDEX IF NOT EXISTS reference_image ON reference(image_id);
CREATE TABLE IF NOT EXISTS host_image (
  name TEXT PRIMARY KEY,
  image_id TEXT NOT NULL,
  sources TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS image_manifest (
  digest TEXT NOT NULL,
  image_id TEXT NOT NULL,
  PRIMARY KEY (digest, image_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS image_manifest_image ON image_manifest(image_id);
CREATE TABLE IF NOT EXISTS document (
  name TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  added INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS content_root (
  owner TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (owner, digest)
) WITHOUT ROWID;
INSERT OR IGNORE INTO image_manifest SELECT digest, id FROM image;
PRAGMA user_version = ${schemaVersion};
`

function databasePath(dataDir: string): string {
  return join(dataDir, 'images.db')
}

export function databaseExists(dataDir: string): boolean {
  return existsSync(databasePath(dataDir))
}

/** Open the store's metadata, making it (folder mode 0700) when it is missing. */
export function openDatabase(dataDir: string): Database {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = databasePath(dataDir)
  try {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    prepareSchema(database, path)
    return wrap(database)
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    const isFull = /disk I\/O error|is full|unable to open/.test(String(cause))
    const hint = isFull
      ? 'Is the disk full, or are too many files open (ulimit -n)? Free a little space, then run "myimage prune"'
      : undefined
    throw new OperationError('INTERNAL', 'open the image database', { path }, { cause, hint })
  }
}

function prepareSchema(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
  if (version > schemaVersion)
    throw new OperationError(
      'UNSUPPORTED',
      'open the image database',
      { path, version },
      { hint: 'A newer version of this program made it; use that one' },
    )
  if (version === schemaVersion) return
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster: both find version 1, one changes it.
    const now = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
    if (now === 1) database.exec('ALTER TABLE reference ADD COLUMN digest TEXT')
    database.exec(schema)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function wrap(database: DatabaseSync): Database {
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values) as SqlRow[],
    get: (sql, ...values) => database.prepare(sql).get(...values) as SqlRow | undefined,
    run: (sql, ...values) => {
      database.prepare(sql).run(...values)
    },
    write: (work) => {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}
