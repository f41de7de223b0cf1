import { createClient } from '@redis/client'
import { log, reason } from './log.ts'

/** A cache that may be away at any time: then nothing is found and nothing is kept. */
export interface Cache {
  /** What was kept for the present generation, or `make`'s answer, which is kept. */
  readonly remember: (name: string, make: () => Promise<string>) => Promise<CachedText>
  /** Forget everything: a new generation begins. */
  readonly forget: () => Promise<void>
  readonly isReady: () => boolean
  readonly close: () => void
}

export interface CachedText {
  readonly text: string
  readonly isFromCache: boolean
}

/**
 * How long an answer may live. When the cache is away just as something changes it does not hear of it, and
 * tells what it knew for at most this long.
 */
const keepSeconds = 10
const generationKey = 'tasknote:generation'

/** @param url empty: there is no cache */
export function openCache(url: string): Cache {
  if (url === '') return withoutCache
  const client = createClient({
    url,
    // Without it commands would wait for the server, and requests with them.
    disableOfflineQueue: true,
    commandOptions: { timeout: 500 },
    socket: {
      connectTimeout: 2000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5000),
    },
  })
  client.on('ready', () => log('cache is ready'))
  client.on('error', (error: unknown) => log('cache is away', { reason: reason(error) }))
  client.connect().catch(() => undefined)
  return {
    async remember(name, make) {
      // A change while `make` runs begins a new generation, so a stale answer is kept where nobody looks.
      const generation = await client.get(generationKey).catch(() => undefined)
      if (generation === undefined) return { text: await make(), isFromCache: false }
      const key = `tasknote:${generation ?? 0}:${name}`
      const found = await client.get(key).catch(() => null)
      if (found !== null) return { text: found, isFromCache: true }
      const text = await make()
      await client.set(key, text, { EX: keepSeconds }).catch(() => undefined)
      return { text, isFromCache: false }
    },
    async forget() {
      await client.incr(generationKey).catch(() => undefined)
    },
    isReady: () => client.isReady,
    close: () => client.destroy(),
  }
}

const withoutCache: Cache = {
  remember: async (_name, make) => ({ text: await make(), isFromCache: false }),
  forget: async () => undefined,
  isReady: () => false,
  close: () => undefined,
}
