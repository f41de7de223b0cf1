import type { SqlRow } from './database.ts'

/** A row of `history` without its checksum. */
export interface HistoryRow {
  readonly revision: number
  readonly key: string
  /** Null: the key was deleted. */
  readonly value: string | null
  readonly previous: number | null
}

/**
 * CRC-32 of all that is in a row of `history`. SQLite has none for its pages: a bit that is another one on the disk
 * would be served as what somebody wrote.
 */
export function rowChecksum({ revision, key, value, previous }: HistoryRow): number {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  // A key has no zero byte, and a deletion is not an empty value.
  const head = crc32(`${revision} ${previous ?? ''} ${value === null ? 0 : 1} ${key}\0`)
  return value === null ? head : crc32(value, head)
}

/** @param row with `revision`, `key`, `value`, `previous` and `checksum`; one without a checksum is older than they are */
export function isRowWhole(row: SqlRow): boolean {
  const { revision, key, value, previous, checksum } = row
  if (checksum === null) return true
  return (
    typeof revision === 'number' &&
    typeof key === 'string' &&
    (value === null || typeof value === 'string') &&
    (previous === null || typeof previous === 'number') &&
    rowChecksum({ revision, key, value, previous }) === checksum
  )
}

export function damagedWords({ revision, key }: SqlRow): string {
  return `what is stored at revision ${revision} (${String(key)}) is not what was written`
}
