import type { Store } from './store.ts'

/** As other clusters: who was away for less than this goes on where it was. */
const usualIntervalMs = 5 * 60 * 1000

/** Forget, again and again, what is older than the interval. */
export function startCompaction(store: Store, intervalMs = usualIntervalMs): { stop(): void } {
  let last = 0
  const timer = setInterval(() => {
    const upTo = last
    void store
      .currentRevision()
      .then((revision) => {
        last = revision
        return upTo > 0 ? store.compact(upTo) : undefined
      })
      .catch((error: unknown) => process.stderr.write(`compact the store: ${String(error)}\n`))
  }, intervalMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
