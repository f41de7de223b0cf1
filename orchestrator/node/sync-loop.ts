/** Does one thing again whenever it is woken: never two at a time, never once too little. */
export interface SyncLoop {
  /** Something may have changed. */
  wake(): void
  /** Wake after so many milliseconds, instead of when that was last said. */
  lookAgain(milliseconds: number): void
  /** @returns when what is under way has ended; nothing begins any more */
  stop(): Promise<void>
}

interface SyncLoopOptions {
  readonly sync: () => Promise<void>
  /** Milliseconds before it is tried again when it has failed. */
  readonly retryAfter: number
  readonly onProblem: (error: unknown) => void
}

export function makeSyncLoop({ sync, retryAfter, onProblem }: SyncLoopOptions): SyncLoop {
  const state: {
    again: boolean
    isStopped: boolean
    running?: Promise<void> | undefined
    timer?: NodeJS.Timeout | undefined
  } = { again: false, isStopped: false }
  const run = async (): Promise<void> => {
    // Whatever happened in the same turn is seen at once.
    await new Promise((resolve) => setImmediate(resolve))
    while (state.again && !state.isStopped) {
      state.again = false
      await sync().catch((error: unknown) => {
        onProblem(error)
        loop.lookAgain(retryAfter)
      })
    }
  }
  const loop: SyncLoop = {
    wake: () => {
      if (state.isStopped) return
      state.again = true
      state.running ??= run().finally(() => (state.running = undefined))
    },
    lookAgain: (milliseconds) => {
      clearTimeout(state.timer)
      if (state.isStopped) return
      state.timer = setTimeout(() => loop.wake(), Math.max(0, milliseconds))
      state.timer.unref()
    },
    stop: async () => {
      state.isStopped = true
      clearTimeout(state.timer)
      await state.running
    },
  }
  return loop
}
