// The API: see README.md for its paths.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { sendJson } from './answer.ts'
import { openCache } from './cache.ts'
import { openDatabase, prepareDatabase } from './database.ts'
import { log, reason } from './log.ts'
import { RequestError } from './request-error.ts'
import { type World, handle } from './routes.ts'
import { readSettings } from './settings.ts'

/** Milliseconds in which clients that are busy send their next request. */
const lastRequestsMs = 1000

async function answer(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const began = performance.now()
  try {
    await handle(world, request, response)
  } catch (error) {
    // What is not the request's fault is almost always the database's absence.
    const status = error instanceof RequestError ? error.status : 503
    if (response.headersSent) response.destroy()
    else sendJson(response, status, { error: status === 503 ? 'try again later' : reason(error) })
    if (status === 503) log('request failed', { reason: reason(error) })
  }
  const milliseconds = Math.round(performance.now() - began)
  const { method, url: path } = request
  // Probes come every few seconds and would be most of the log.
  if (path !== '/health' && path !== '/ready')
    log('request', { method, path, status: response.statusCode, milliseconds })
}

function main(): void {
  const settings = readSettings(process.env)
  const world = {
    settings,
    pool: openDatabase(settings.databaseUrl),
    cache: openCache(settings.redisUrl),
  }
  const stop = new AbortController()
  const server = createServer((request, response) => {
    if (stop.signal.aborted) response.setHeader('connection', 'close')
    void answer(world, request, response)
  })
  server.listen(settings.port, () => log('listening', { port: settings.port }))
  void prepareDatabase(world.pool, stop.signal)

  const end = async (signal: string): Promise<void> => {
    log('stopping', { signal })
    stop.abort()
    // A connection that is kept alive is ended with an answer that says so: closed without one, it would be closed just
    // when somebody sends the next request. Those that send none for so long are not waited for.
    await wait(lastRequestsMs)
    await new Promise((resolve) => server.close(resolve))
    world.cache.close()
    await world.pool.end()
    log('stopped')
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end(signal))
}

main()
