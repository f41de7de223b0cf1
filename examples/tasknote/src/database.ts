import { setTimeout } from 'node:timers/promises'
import { Pool } from 'pg'
import { log, reason } from './log.ts'

const tables = `
  CREATE TABLE IF NOT EXISTS task (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    done boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS image (
    task bigint PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    file text NOT NULL,
    type text NOT NULL,
    -- of the small copy: waiting, ready or failed
    small text NOT NULL DEFAULT 'waiting'
  );
`
/** Any number: API and worker may start at the same time, and CREATE … IF NOT EXISTS is no lock. */
const tableLock = 7405

/** Connections are made when they are needed: the database may come later than we do. */
export function openDatabase(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
    max: 10,
  })
  // An idle connection that breaks is replaced at the next query; unheard, the event would end us.
  pool.on('error', (error) => log('database connection lost', { reason: reason(error) }))
  return pool
}

/** Make the tables, and wait for the database as long as it takes, or until the signal. */
export async function prepareDatabase(pool: Pool, signal: AbortSignal): Promise<void> {
  for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(2 * pauseMs, 2000)) {
    try {
      await makeTables(pool)
      return log('database is ready')
    } catch (error) {
      log('database is not ready', { reason: reason(error) })
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function makeTables(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [tableLock])
    await client.query(tables)
    await client.query('COMMIT')
  } finally {
    // Thrown away rather than returned: it may be in the middle of a transaction.
    client.release(true)
  }
}
