// The worker: makes a small copy of every image that is uploaded. Any number of them may run.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Pool } from 'pg'
import sharp from 'sharp'
import { openDatabase, prepareDatabase } from './database.ts'
import { imageChannel, smallSuffix, withWaitingImage } from './images.ts'
import { log, reason } from './log.ts'
import { readSettings } from './settings.ts'

const { databaseUrl, uploadsFolder } = readSettings(process.env)
const smallPixels = 200
/** A picture of a few bytes can ask for gigabytes of memory. */
const maxPixels = 50_000_000
const lookAgainMs = 2000

async function makeSmall(file: string): Promise<'ready' | 'failed'> {
  const path = join(uploadsFolder, file)
  try {
    const { width, height } = await sharp(path, { limitInputPixels: maxPixels })
      .autoOrient()
      .resize(smallPixels, smallPixels, { fit: 'inside', withoutEnlargement: true })
      .webp()
      .toFile(`${path}${smallSuffix}`)
    log('image resized', { file, width, height })
    return 'ready'
  } catch (error) {
    log('image not resized', { file, reason: reason(error) })
    return 'failed'
  }
}

/** Sleep until the API tells of an image, and no longer than until the next look. */
async function waitForWork(pool: Pool, signal: AbortSignal): Promise<void> {
  const client = await pool.connect()
  const told = new AbortController()
  client.once('notification', () => told.abort())
  // A connection that breaks while nothing is asked on it says so by an event, which nobody else hears.
  client.once('error', () => told.abort())
  try {
    await client.query(`LISTEN ${imageChannel}`)
    await setTimeout(lookAgainMs, undefined, { signal: AbortSignal.any([signal, told.signal]) })
  } catch (error) {
    if (!signal.aborted && !told.signal.aborted) throw error
  } finally {
    client.release(true)
  }
}

async function main(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const pool = openDatabase(databaseUrl)
  await prepareDatabase(pool, stop.signal)
  log('worker started')
  while (!stop.signal.aborted)
    try {
      if (!(await withWaitingImage(pool, makeSmall))) await waitForWork(pool, stop.signal)
    } catch (error) {
      log('work interrupted', { reason: reason(error) })
      await setTimeout(lookAgainMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  await pool.end()
  log('worker stopped')
}

await main()
