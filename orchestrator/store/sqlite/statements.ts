import type { Database } from './database.ts'

// A prefix is a range: from itself up to the first text that no key of the prefix reaches.
const range = 'key > ? AND key < ?'

/** Every statement that the store runs, compiled once. */
export function prepareStatements(database: Database) {
  return {
    state: database.prepare('SELECT value FROM state WHERE name = ?'),
    setState: database.prepare('UPDATE state SET value = ? WHERE name = ?'),
    living: database.prepare('SELECT revision FROM current WHERE key = ?'),
    get: database.prepare(
      'SELECT h.key, h.value, h.revision, h.previous, h.checksum FROM current c JOIN history h USING (revision) WHERE c.key = ?',
    ),
    list: database.prepare(
      `SELECT h.key, h.value, h.revision, h.previous, h.checksum FROM current c JOIN history h USING (revision)
       WHERE c.${range} ORDER BY c.key LIMIT ?`.replace('AND key', 'AND c.key'),
    ),
    count: database.prepare(`SELECT count(*) AS count FROM current WHERE ${range}`),
    // The latest row of each key at a revision; SQLite takes the other columns from the row of the maximum.
    listAt: database.prepare(
      `SELECT key, value, max(revision) AS revision, previous, checksum FROM history
       WHERE ${range} AND revision <= ? GROUP BY key HAVING value IS NOT NULL ORDER BY key LIMIT ?`,
    ),
    countAt: database.prepare(
      `SELECT count(*) AS count FROM (SELECT value, max(revision) FROM history
       WHERE ${range} AND revision <= ? GROUP BY key HAVING value IS NOT NULL)`,
    ),
    append: database.prepare(
      'INSERT INTO history (revision, key, value, previous, checksum) VALUES (?, ?, ?, ?, ?)',
    ),
    setCurrent: database.prepare('INSERT OR REPLACE INTO current (key, revision) VALUES (?, ?)'),
    dropCurrent: database.prepare('DELETE FROM current WHERE key = ?'),
    eventsAfter: database.prepare(
      `SELECT h.revision, h.key, h.value, p.revision AS previous, p.value AS previousValue
       FROM history h LEFT JOIN history p ON p.revision = h.previous
       WHERE h.revision > ? AND h.${range} ORDER BY h.revision`.replace('AND key', 'AND h.key'),
    ),
    // What a list at a later revision can need stays: of each key the last row, unless that is a deletion.
    compact: database.prepare(
      `DELETE FROM history WHERE revision <= ?1 AND (value IS NULL OR EXISTS (
         SELECT 1 FROM history n WHERE n.key = history.key AND n.revision > history.revision AND n.revision <= ?1))`,
    ),
  }
}

export type Statements = ReturnType<typeof prepareStatements>
