import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { makeEventLog } from '../event-log.ts'
import type { EventLog, EventLogLimits } from '../event-log.ts'
import type { ListOptions, ListResult, Store, StoredEntry, StoreEvent } from '../store.ts'
import { openDatabase } from './database.ts'
import type { SqlRow } from './database.ts'
import { damagedWords, isRowWhole, rowChecksum } from './row-checksum.ts'
import { prepareStatements } from './statements.ts'
import type { Statements } from './statements.ts'
import { damagedStore } from './store-failure.ts'
import { makeWriteQueue } from './write-queue.ts'

export interface SqliteStore extends Store {
  /** Copy the whole store to a new file, while others read and write. A copy that is not whole is not left. @throws INVALID_ARGUMENT */
  backup(path: string): Promise<void>
}

/** The first text after all keys of a prefix: its last character, one further. */
function afterPrefix(prefix: string): string {
  return (
    prefix.slice(0, -1) + String.fromCodePoint((prefix.codePointAt(prefix.length - 1) ?? 0) + 1)
  )
}

/** Open the store in the file at `path`, which is made (folder mode 0700) when it is missing. */
export function openSqliteStore(path: string, limits?: EventLogLimits): SqliteStore {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = openDatabase(path)
  const statements = prepareStatements(database)
  let revision = readState(statements, 'revision')
  let compacted = readState(statements, 'compacted')
  const read: ReadRow = (row) => readEntry(path, row)
  const log = makeEventLog(revision, limits)
  let uncommitted: StoreEvent[] = []
  const queue = makeWriteQueue(
    database,
    () => {
      const events = uncommitted
      uncommitted = []
      log.append(events)
    },
    () => {
      uncommitted = []
      revision = readState(statements, 'revision')
      compacted = readState(statements, 'compacted')
    },
  )

  /** Write the next revision; the caller has checked that it may. */
  function append(key: string, value: string | null, previous: StoredEntry | undefined): number {
    const row = { revision: revision + 1, key, value, previous: previous?.revision ?? null }
    statements.append.run(row.revision, key, value, row.previous, rowChecksum(row))
    if (value === null) statements.dropCurrent.run(key)
    else statements.setCurrent.run(key, revision + 1)
    statements.setState.run(revision + 1, 'revision')
    revision++
    const type = value === null ? 'delete' : 'put'
    uncommitted.push({ type, key, revision, value: value ?? previous?.value ?? '', previous })
    return revision
  }

  function requireAt(key: string, expected: number): StoredEntry {
    const entry = read(statements.get.get(key))
    if (entry === undefined)
      throw new OperationError('NOT_FOUND', 'write a key that is gone', { key })
    if (entry.revision !== expected)
      throw new OperationError('CONFLICT', 'write a key', {
        key,
        expected,
        revision: entry.revision,
      })
    return entry
  }

  function requireRevision(wanted: number): void {
    if (wanted < compacted)
      throw new OperationError('EXPIRED', 'read old history', { revision: wanted, compacted })
    if (wanted > revision)
      throw new OperationError('INVALID_ARGUMENT', 'read the future', {
        revision: wanted,
        current: revision,
      })
  }

  return {
    currentRevision: async () => revision,
    get: async (key) => read(statements.get.get(key)),
    list: async (prefix, options = {}) => {
      if (options.revision !== undefined) requireRevision(options.revision)
      return listEntries(statements, prefix, { ...options, read }, revision)
    },
    create: (key, value) =>
      queue.add(() => {
        if (statements.living.get(key) !== undefined)
          throw new OperationError('ALREADY_EXISTS', 'create a key', { key })
        return append(key, value, undefined)
      }),
    update: (key, value, expected) => queue.add(() => append(key, value, requireAt(key, expected))),
    delete: (key, expected) => queue.add(() => append(key, null, requireAt(key, expected))),
    watch: async (prefix, after, handler) => {
      requireRevision(after)
      const missed = missedEvents(log, statements, prefix, after)
      const watch = log.subscribe(prefix, handler)
      if (missed.length > 0) handler.onEvents(missed)
      return watch
    },
    compact: (upTo) =>
      queue.add(() => {
        if (upTo <= compacted) return
        requireRevision(upTo)
        statements.compact.run(upTo)
        statements.setState.run(upTo, 'compacted')
        compacted = upTo
      }),
    backup: async (copy) => {
      queue.flush()
      await database.backupTo(copy)
      try {
        openDatabase(copy).close()
      } catch (error) {
        rmSync(copy, { force: true })
        throw error
      }
    },
    close: async () => {
      queue.close()
      database.close()
    },
  }
}

function readState(statements: Statements, name: string): number {
  return Number(statements.state.get(name)?.['value'] ?? 0)
}

type ReadRow = (row: SqlRow | undefined) => StoredEntry | undefined

/** @throws {OperationError} INVALID_ARGUMENT for what is not what was written */
function readEntry(path: string, row: SqlRow | undefined): StoredEntry | undefined {
  if (row === undefined) return undefined
  if (!isRowWhole(row)) throw damagedStore(path, { why: damagedWords(row) })
  return { key: String(row['key']), value: String(row['value']), revision: Number(row['revision']) }
}

/** Writes of a transaction that is open are not to be seen: all this happens between two turns of the event loop. */
function listEntries(
  statements: Statements,
  prefix: string,
  { revision, after, limit, read }: ListOptions & { readonly read: ReadRow },
  current: number,
): ListResult {
  const from = after !== undefined && after > prefix ? after : prefix
  const to = afterPrefix(prefix)
  const most = limit === undefined ? -1 : limit
  const at = revision === undefined || revision === current ? undefined : revision
  const rows =
    at === undefined
      ? statements.list.all(from, to, most)
      : statements.listAt.all(from, to, at, most)
  const entries = rows.map((row) => read(row)!)
  const last = entries.at(-1)?.key
  const full = limit !== undefined && entries.length === limit && last !== undefined
  const remaining = !full
    ? 0
    : Number(
        (at === undefined
          ? statements.count.get(last, to)
          : statements.countAt.get(last, to, at)
        )?.['count'],
      )
  return { entries, revision: revision ?? current, remaining }
}

function missedEvents(
  log: EventLog,
  statements: Statements,
  prefix: string,
  after: number,
): readonly StoreEvent[] {
  const remembered = log.since(after, prefix)
  if (remembered) return remembered
  return statements.eventsAfter.all(after, prefix, afterPrefix(prefix)).map((row) => {
    const key = String(row['key'])
    const previous =
      row['previous'] === null
        ? undefined
        : { key, value: String(row['previousValue']), revision: Number(row['previous']) }
    const type = row['value'] === null ? 'delete' : 'put'
    const value = String(row['value'] ?? row['previousValue'])
    return { type, key, revision: Number(row['revision']), value, previous }
  })
}
