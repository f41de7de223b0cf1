import type { Database } from './database.ts'
import { damagedWords, isRowWhole } from './row-checksum.ts'

/**
 * Look at every row: whether it is as it was written, whether none is missing, and whether the living revision of each
 * key is what its history says.
 *
 * @returns what is wrong with the first that is not; undefined where all is well
 */
export function findDamagedRow(database: Database): string | undefined {
  const every = database.prepare(
    'SELECT revision, key, value, previous, checksum FROM history ORDER BY revision',
  )
  for (const row of every.iterate()) if (!isRowWhole(row)) return damagedWords(row)
  return findMissing(database) ?? findWrongLiving(database)
}

/** Revisions count all writes, so that what is after the compacted ones has no gap. */
function findMissing(database: Database): string | undefined {
  const state = database.prepare('SELECT value FROM state WHERE name = ?')
  const read = (name: string): number => Number(state.get(name)?.['value'] ?? Number.NaN)
  const [revision, compacted] = [read('revision'), read('compacted')]
  if (!(revision >= 0 && compacted >= 0 && compacted <= revision))
    return `it has revision ${revision} and is compacted up to ${compacted}`
  const { count, last } =
    database
      .prepare('SELECT count(*) AS count, max(revision) AS last FROM history WHERE revision > ?')
      .get(compacted) ?? {}
  if (count === revision - compacted && Number(last ?? compacted) === revision) return undefined
  return `of the revisions from ${compacted + 1} to ${revision} it has ${count}, the last one ${last ?? 'none'}`
}

function findWrongLiving(database: Database): string | undefined {
  const wrong =
    database
      .prepare(
        `SELECT c.key FROM current c LEFT JOIN history h USING (revision)
         WHERE h.key IS NOT c.key OR h.value IS NULL
            OR EXISTS (SELECT 1 FROM history n WHERE n.key = c.key AND n.revision > c.revision) LIMIT 1`,
      )
      .get() ??
    database
      .prepare(
        `SELECT key FROM history h WHERE value IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM history n WHERE n.key = h.key AND n.revision > h.revision)
         AND NOT EXISTS (SELECT 1 FROM current c WHERE c.key = h.key) LIMIT 1`,
      )
      .get()
  return (
    wrong && `its list of what is there does not agree with its history on ${String(wrong['key'])}`
  )
}
