import { OperationError } from '../../../native/error.ts'
import type { Database } from './database.ts'

/** Runs inside the open transaction; what it returns is told to the caller after the commit. */
type Write<Result> = () => Result

interface Waiting {
  run(): void
  settle(commitError: unknown): void
}

export interface WriteQueue {
  /** Do `write` in the next transaction. It must do nothing when it throws. */
  add<Result>(write: Write<Result>): Promise<Result>
  /** Commit what waits, now. */
  flush(): void
  /** Commit what waits, and refuse what comes after. */
  close(): void
}

// One commit costs one fsync, however many writes are in it. Writers that come in the same turn of the event loop share it.
const largestGroup = 512

/**
 * @param onCommitted called after each commit, before the writers hear of it
 * @param onFailed called when a group was undone
 */
export function makeWriteQueue(
  database: Database,
  onCommitted: () => void,
  onFailed: () => void,
): WriteQueue {
  let waiting: Waiting[] = []
  let scheduled = false
  let isClosed = false
  // Compiled once: there is one of each in every transaction.
  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')

  function commit(group: readonly Waiting[]): unknown {
    try {
      begin.run()
      for (const write of group) write.run()
      end.run()
      return undefined
    } catch (error) {
      try {
        database.exec('ROLLBACK')
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      return database.explain(error)
    }
  }

  function flush(): void {
    scheduled = false
    while (waiting.length > 0) {
      const group = waiting.slice(0, largestGroup)
      waiting = waiting.slice(largestGroup)
      const failure = commit(group)
      if (failure === undefined) onCommitted()
      else onFailed()
      for (const write of group) write.settle(failure)
    }
  }

  return {
    flush,
    close: () => {
      flush()
      isClosed = true
    },
    add: <Result>(write: Write<Result>) =>
      new Promise<Result>((resolve, reject) => {
        if (isClosed) return reject(new OperationError('BAD_STATE', 'write to a closed store', {}))
        let outcome: { result: Result } | { error: unknown }
        waiting.push({
          run: () => {
            try {
              outcome = { result: write() }
            } catch (error) {
              // Refused before it wrote. Anything else may have left half a write: the whole group is undone.
              if (!(error instanceof OperationError)) throw error
              outcome = { error }
            }
          },
          settle: (commitError) => {
            if (commitError !== undefined) reject(commitError)
            else if ('error' in outcome) reject(outcome.error)
            else resolve(outcome.result)
          },
        })
        if (scheduled) return
        scheduled = true
        setImmediate(flush)
      }),
  }
}
