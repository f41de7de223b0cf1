/** Keys that wait to be worked on. A key waits once, however often it is added, and is never worked on twice at a time. */
export interface WorkQueue {
  add(key: string): void
  /** Add after so many milliseconds; of several for one key the earliest counts. */
  addAfter(key: string, milliseconds: number): void
  /** Keys that wait or are worked on. */
  readonly depth: number
  /** @returns when nothing is worked on any more; nothing new is begun */
  stop(): Promise<void>
}

export interface WorkQueueOptions {
  /** Bring one key to where it is wanted. A failure is tried again, later each time. */
  readonly work: (key: string) => Promise<void>
  readonly onProblem: (key: string, error: unknown) => void
  /** Keys worked on at once. Absent: 5. */
  readonly workers?: number
  /** First and longest wait after a failure of a key, milliseconds; it doubles. Absent: 5 and 60 000. */
  readonly firstWait?: number
  readonly longestWait?: number
}

export function makeWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { work, onProblem, workers = 5, firstWait = 5, longestWait = 60_000 } = options
  const waiting = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const failures = new Map<string, number>()
  const timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  let isStopped = false
  let isWoken = false

  async function run(key: string): Promise<void> {
    try {
      await work(key)
      failures.delete(key)
    } catch (error) {
      const count = failures.get(key) ?? 0
      failures.set(key, count + 1)
      onProblem(key, error)
      addAfter(key, Math.min(longestWait, firstWait * 2 ** Math.min(count, 20)))
    } finally {
      running.delete(key)
      wake()
    }
  }

  function begin(): void {
    isWoken = false
    for (const key of waiting) {
      if (isStopped || running.size >= workers) return
      if (running.has(key)) continue
      waiting.delete(key)
      running.set(key, run(key))
    }
  }

  /** Once a turn, so that all changes of one commit are seen together. */
  function wake(): void {
    if (isWoken || isStopped || waiting.size === 0) return
    isWoken = true
    setImmediate(begin)
  }

  function add(key: string): void {
    if (isStopped) return
    waiting.add(key)
    wake()
  }

  function addAfter(key: string, milliseconds: number): void {
    if (isStopped) return
    if (milliseconds <= 0) return add(key)
    const at = performance.now() + milliseconds
    const known = timers.get(key)
    if (known && known.at <= at) return
    clearTimeout(known?.timer)
    const ring = (): void => {
      timers.delete(key)
      // A timer of Node is at most 2^31 ms; the rest is waited for again.
      if (at > performance.now() + 1000) addAfter(key, at - performance.now())
      else add(key)
    }
    const timer = setTimeout(ring, Math.min(milliseconds, 2 ** 31 - 1))
    timer.unref()
    timers.set(key, { at, timer })
  }

  return {
    add,
    addAfter,
    get depth() {
      return waiting.size + running.size
    },
    stop: async () => {
      isStopped = true
      for (const { timer } of timers.values()) clearTimeout(timer)
      await Promise.allSettled(running.values())
    },
  }
}
