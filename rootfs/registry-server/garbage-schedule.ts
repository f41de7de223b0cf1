/** Runs something again and again, never twice at once. */
export interface Schedule {
  /** Take no new turn, and wait for the one that is under way. */
  stop(): Promise<void>
}

/**
 * @param intervalMs from the end of a turn to the beginning of the next one
 * @param onFailure gets what a turn throws; the next one comes all the same
 */
export function runRegularly(
  intervalMs: number,
  turn: () => Promise<void>,
  onFailure: (error: unknown) => void,
): Schedule {
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const plan = (): void => {
    if (!stopped) timer = setTimeout(take, intervalMs).unref()
  }
  const take = (): void => {
    running = turn().catch(onFailure).then(plan)
  }
  plan()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
