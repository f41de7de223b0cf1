import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { OperationError } from '../../../native/error.ts'
import { findDamagedLog } from './check-log.ts'
import { findDamagedRow } from './check-rows.ts'
import { rowChecksum } from './row-checksum.ts'
import type { HistoryRow } from './row-checksum.ts'
import { damagedStore, explainFailure } from './store-failure.ts'

// The only file of the orchestrator that knows node:sqlite, whose names still move between Node versions.

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement compiled once. */
export interface Statement {
  all(...values: SqlValue[]): SqlRow[]
  get(...values: SqlValue[]): SqlRow | undefined
  run(...values: SqlValue[]): void
  /** One row after the other: all of them need not fit into memory. */
  iterate(...values: SqlValue[]): Iterable<SqlRow>
}

export interface Database {
  prepare(sql: string): Statement
  exec(sql: string): void
  /** What a failure of `exec` or `run` means for the file. */
  explain(error: unknown): unknown
  /** Copy to a file while others write: the copy is the state of one moment. */
  backupTo(path: string): Promise<void>
  close(): void
}

const schemaVersion = 2
const busyTimeoutMs = 20_000
// As the application's mark: a file that is something else is refused, not changed.
const applicationId = 0x6d_79_6f_72

/**
 * `history` has a row for every revision, with a checksum of its own; a row without a value is a deletion. `current` says which revision of
 * a key is the living one. `state` holds the revision up to which history is compacted.
 */
const schema = `
CREATE TABLE history (
  revision INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  value TEXT,
  previous INTEGER,
  checksum INTEGER
);
CREATE INDEX history_key ON history(key, revision);
CREATE TABLE current (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO state VALUES ('compacted', 0), ('revision', 0);
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};
`

/** Open the database at `path` (made when missing), so that every commit is on the disk when it returns. */
export function openDatabase(path: string): Database {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  try {
    // Before SQLite looks at the log: it drops what does not fit.
    refuse(path, findDamagedLog(path))
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    try {
      prepareSchema(database, path)
      requireWhole(database, path)
      return wrap(database, path)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (cause) {
    throw explainFailure(cause, path)
  }
}

/** Pages and rows that are not what they were would be met one by one, by whoever happens to read them. */
function requireWhole(database: DatabaseSync, path: string): void {
  const found = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
  if (found !== 'ok') throw damagedStore(path, { why: String(found) })
  // All of it at one moment, whoever writes meanwhile.
  database.exec('BEGIN')
  try {
    refuse(path, findDamagedRow(wrap(database, path)))
  } finally {
    database.exec('COMMIT')
  }
}

function refuse(path: string, why: string | undefined): void {
  if (why !== undefined) throw damagedStore(path, { why })
}

/** What a program of the first version wrote has no checksum: what it is now is taken for what was written. */
function addChecksums(database: DatabaseSync): void {
  const bare = 'SELECT revision, key, value, previous FROM history WHERE checksum IS NULL'
  if (!database.prepare(`${bare} LIMIT 1`).get()) return
  const update = database.prepare('UPDATE history SET checksum = ? WHERE revision = ?')
  database.exec('BEGIN IMMEDIATE')
  for (const row of database.prepare(bare).all() as unknown as HistoryRow[])
    update.run(rowChecksum(row), row.revision)
  database.exec('COMMIT')
}

function prepareSchema(database: DatabaseSync, path: string): void {
  const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
  const version = pragma('user_version')
  const isNew = version === 0 && pragma('schema_version') === 0
  if (!isNew && pragma('application_id') !== applicationId)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'open the store: the file is not a store',
      { path },
      { exitCode: 1, hint: 'It belongs to another program: choose another data folder' },
    )
  if (!isNew && version < 1) throw damagedStore(path, { why: 'it has no version' })
  if (version > schemaVersion)
    throw new OperationError(
      'UNSUPPORTED',
      'open the store',
      { path, version },
      { exitCode: 1, hint: 'A newer version of this program made it; use that one' },
    )
  database.exec('PRAGMA journal_mode = WAL')
  // An acknowledged write survives a power cut.
  database.exec('PRAGMA synchronous = FULL')
  if (isNew) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`)
  else if (version === 1)
    database.exec(
      `BEGIN IMMEDIATE; ALTER TABLE history ADD COLUMN checksum INTEGER; PRAGMA user_version = ${schemaVersion}; COMMIT`,
    )
  addChecksums(database)
}

function wrap(database: DatabaseSync, path: string): Database {
  return {
    prepare: (sql) => wrapStatement(database.prepare(sql), path),
    exec: (sql) => database.exec(sql),
    explain: (error) => explainFailure(error, path),
    backupTo: (target) => copyTo(path, target),
    close: () => database.close(),
  }
}

/** One step is all pages: a copy in several begins anew whenever somebody writes in between. */
const allPages = 0x7fff_ffff

/**
 * Over a connection of its own, on another thread: SQLite refuses to copy from one that a write is going on in.
 * With write-ahead logging neither waits for the other.
 */
async function copyTo(path: string, target: string): Promise<void> {
  const { DatabaseSync, backup } = process.getBuiltinModule('node:sqlite')
  const reader = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
  try {
    await backup(reader, target, { rate: allPages })
  } finally {
    reader.close()
  }
}

function wrapStatement(statement: StatementSync, path: string): Statement {
  const read = <Result>(work: () => Result): Result => {
    try {
      return work()
    } catch (error) {
      throw explainFailure(error, path)
    }
  }
  return {
    all: (...values) => read(() => statement.all(...values) as SqlRow[]),
    get: (...values) => read(() => statement.get(...values) as SqlRow | undefined),
    run: (...values) => {
      statement.run(...values)
    },
    iterate: (...values) => read(() => statement.iterate(...values)) as Iterable<SqlRow>,
  }
}
