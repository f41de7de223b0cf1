import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Pool } from 'pg'
import { readJson, sendJson, sendText } from './answer.ts'
import type { Cache } from './cache.ts'
import { findImage, putImage, smallSuffix } from './images.ts'
import { RequestError } from './request-error.ts'
import type { Settings } from './settings.ts'
import { addTask, changeTask, findTask, listTasks, removeTask } from './tasks.ts'
import { canWriteUploads, receiveUpload, removeUpload } from './uploads.ts'

/** What every request is answered with. */
export interface World {
  readonly settings: Settings
  readonly pool: Pool
  readonly cache: Cache
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** Number in the path; "" where the route has none. */
  readonly id: string
}

type Handler = (world: World, exchange: Exchange) => Promise<void> | void
type Route = readonly [method: string, path: RegExp, handle: Handler]

const one = /^\/tasks\/([1-9]\d{0,17})$/u
const imageOfOne = /^\/tasks\/([1-9]\d{0,17})\/image$/u

const routes: readonly Route[] = [
  ['GET', /^\/health$/u, (_world, { response }) => sendJson(response, 200, { status: 'ok' })],
  ['GET', /^\/ready$/u, tellReady],
  ['GET', /^\/tasks$/u, list],
  ['POST', /^\/tasks$/u, add],
  ['GET', one, show],
  ['PATCH', one, change],
  ['DELETE', one, remove],
  ['PUT', imageOfOne, upload],
  ['GET', imageOfOne, download],
]

/** @throws {RequestError} 404 and 405, and whatever the handler finds wrong */
export async function handle(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://tasknote')
  const matching = routes.filter(([, path]) => path.test(pathname))
  const route = matching.find(([method]) => method === request.method)
  if (matching.length === 0) throw new RequestError(404, `there is nothing at ${pathname}`)
  if (!route) throw new RequestError(405, `${pathname} does not know ${request.method}`)
  const [, path, answer] = route
  await answer(world, { request, response, query, id: path.exec(pathname)?.[1] ?? '' })
}

/** Whether requests can be answered now; unlike /health, which only says that the process lives. */
async function tellReady({ pool, cache, settings }: World, { response }: Exchange): Promise<void> {
  const database = await pool.query('SELECT FROM image LIMIT 0').then(
    () => true,
    () => false,
  )
  const uploads = await canWriteUploads(settings.uploadsFolder)
  // Without the cache everything works, only slower.
  const status = database && uploads ? 200 : 503
  sendJson(response, status, { database, uploads, cache: cache.isReady() })
}

async function list({ pool, cache }: World, { response }: Exchange): Promise<void> {
  const { text, isFromCache } = await cache.remember('tasks', async () =>
    JSON.stringify(await listTasks(pool)),
  )
  response.setHeader('x-cache', isFromCache ? 'hit' : 'miss')
  sendText(response, 200, text)
}

async function add({ pool, cache }: World, { request, response }: Exchange): Promise<void> {
  const { title } = await readJson(request)
  const task = await addTask(pool, requireTitle(title))
  await cache.forget()
  sendJson(response.setHeader('location', `/tasks/${task?.id}`), 201, task)
}

async function show({ pool }: World, { response, id }: Exchange): Promise<void> {
  sendJson(response, 200, found(await findTask(pool, id)))
}

async function change({ pool, cache }: World, { request, response, id }: Exchange): Promise<void> {
  const { title, done } = await readJson(request)
  if (done !== undefined && typeof done !== 'boolean')
    throw new RequestError(400, '"done" is true or false')
  const task = await changeTask(pool, id, {
    ...(title === undefined ? {} : { title: requireTitle(title) }),
    ...(done === undefined ? {} : { done }),
  })
  await cache.forget()
  sendJson(response, 200, found(task))
}

async function remove({ pool, cache, settings }: World, { response, id }: Exchange): Promise<void> {
  const image = await findImage(pool, id)
  if (!(await removeTask(pool, id))) throw new RequestError(404, 'there is no such task')
  await cache.forget()
  if (image) await removeUpload(settings.uploadsFolder, image.file)
  response.writeHead(204).end()
}

async function upload(world: World, { request, response, id }: Exchange): Promise<void> {
  const { pool, cache, settings } = world
  found(await findTask(pool, id))
  const { uploadsFolder, maxUploadBytes } = settings
  const image = await receiveUpload(request, uploadsFolder, maxUploadBytes)
  const before = await putImage(pool, id, image).catch(async (error: unknown) => {
    await removeUpload(uploadsFolder, image.file)
    throw error
  })
  if (before !== undefined) await removeUpload(uploadsFolder, before)
  await cache.forget()
  sendJson(response, 201, await findTask(pool, id))
}

async function download(world: World, { response, query, id }: Exchange): Promise<void> {
  const image = await findImage(world.pool, id)
  if (!image) throw new RequestError(404, 'the task has no image')
  const isSmall = query.get('size') === 'small'
  if (isSmall && image.small === 'failed')
    throw new RequestError(422, 'the image could not be resized')
  if (isSmall && image.small === 'waiting')
    return sendJson(response.setHeader('retry-after', '1'), 202, { image: 'waiting' })
  response.setHeader('content-type', isSmall ? 'image/webp' : image.type)
  const path = join(world.settings.uploadsFolder, `${image.file}${isSmall ? smallSuffix : ''}`)
  await pipeline(createReadStream(path), response)
}

function requireTitle(title: unknown): string {
  if (typeof title === 'string' && title.trim() !== '' && title.length <= 1000) return title.trim()
  throw new RequestError(400, '"title" is a text of 1 to 1000 characters')
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new RequestError(404, 'there is no such task')
  return value
}
