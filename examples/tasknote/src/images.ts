import type { Pool } from 'pg'

/** Told to workers when there is something to do. */
export const imageChannel = 'image_waiting'

export interface StoredImage {
  /** Name in the uploads folder; the small copy has ".small.webp" appended. */
  readonly file: string
  readonly type: string
  readonly small: 'waiting' | 'ready' | 'failed'
}

export const smallSuffix = '.small.webp'

export async function findImage(pool: Pool, task: string): Promise<StoredImage | undefined> {
  const { rows } = await pool.query<StoredImage>(
    'SELECT file, type, small FROM image WHERE task = $1',
    [task],
  )
  return rows[0]
}

/**
 * Give a task an image whose file is in its place already.
 *
 * @returns the file that it had before, which nothing needs any more
 */
export async function putImage(
  pool: Pool,
  task: string,
  { file, type }: Pick<StoredImage, 'file' | 'type'>,
): Promise<string | undefined> {
  const before = await findImage(pool, task)
  await pool.query(
    `INSERT INTO image (task, file, type) VALUES ($1, $2, $3)
     ON CONFLICT (task) DO UPDATE SET file = $2, type = $3, small = 'waiting'`,
    [task, file, type],
  )
  await pool.query(`NOTIFY ${imageChannel}`)
  return before?.file
}

/**
 * Take one waiting image, make its small copy, and note how that ended. The row is locked meanwhile:
 * other workers pass over it, and when this one is killed it is free again.
 *
 * @returns whether there was one
 */
export async function withWaitingImage(
  pool: Pool,
  makeSmall: (file: string) => Promise<'ready' | 'failed'>,
): Promise<boolean> {
  const client = await pool.connect()
  let isBroken = true
  // The next query fails too, and says it to somebody.
  const ignore = (): void => undefined
  client.on('error', ignore)
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ task: string; file: string }>(
      `SELECT task, file FROM image WHERE small = 'waiting' ORDER BY task LIMIT 1
       FOR UPDATE SKIP LOCKED`,
    )
    const [found] = rows
    if (found)
      await client.query('UPDATE image SET small = $2 WHERE task = $1', [
        found.task,
        await makeSmall(found.file),
      ])
    await client.query('COMMIT')
    isBroken = false
    return found !== undefined
  } finally {
    client.off('error', ignore)
    client.release(isBroken)
  }
}
