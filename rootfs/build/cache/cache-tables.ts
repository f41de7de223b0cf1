import { dropContent, keptContent } from '../../store/content-roots.ts'
import type { Database } from '../../store/database.ts'

/** The layers of entries are kept under this name when others are removed. */
export const cacheOwner = 'build-cache'

const schema = [
  // What a step with this key made.
  'CREATE TABLE IF NOT EXISTS build_cache (key TEXT PRIMARY KEY, used INTEGER NOT NULL, entry TEXT NOT NULL)',
  // What decided a step the last time it was built in this place: the other half of "why not cached".
  'CREATE TABLE IF NOT EXISTS build_place (place TEXT PRIMARY KEY, key TEXT NOT NULL, facts TEXT NOT NULL)',
  // Digests of a context's files by what stat(2) says about them.
  'CREATE TABLE IF NOT EXISTS build_context (folder TEXT PRIMARY KEY, digests TEXT NOT NULL)',
]

const prepared = new WeakSet<Database>()

/** The store's metadata with the tables of the builder in it. */
export function withCacheTables(database: Database): Database {
  if (prepared.has(database)) return database
  const known = database.get("SELECT 1 AS known FROM sqlite_master WHERE name = 'build_context'")
  if (!known) database.write(() => schema.forEach((statement) => database.run(statement)))
  prepared.add(database)
  return database
}

export function hasCacheTables(database: Database): boolean {
  return (
    database.get("SELECT 1 AS known FROM sqlite_master WHERE name = 'build_context'") !== undefined
  )
}

/** Forget everything that was built before; the next sweep removes it. @returns the number of steps */
export function forgetBuildCache(database: Database): number {
  if (!hasCacheTables(database)) return 0
  return database.write(() => {
    const count = Number(database.get('SELECT count(*) AS count FROM build_cache')?.['count'] ?? 0)
    for (const table of ['build_cache', 'build_place', 'build_context'])
      database.run(`DELETE FROM ${table}`)
    for (const digest of keptContent(database, cacheOwner))
      dropContent(database, cacheOwner, digest)
    return count
  })
}
