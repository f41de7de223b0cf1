import { closeSync, openSync } from 'node:fs'
import { monotonicMs } from './clock.ts'
import { OperationError } from './error.ts'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// Advisory locks on lock files, flock(2): they belong to the open file and vanish with
// the process, however it dies, so a stale lock cannot exist.

export type LockMode = 'shared' | 'exclusive'

export interface FileLock {
  /** Give the lock back. The lock file stays: removing it would let two holders in. */
  release(): void
  [Symbol.dispose](): void
}

const flock = declareSyscall('flock', ['int', 'int'])

const operations = { shared: 1, exclusive: 2 } as const
const nonBlocking = 4
const EAGAIN = 11
const EINTR = 4

/**
 * Take the lock on the file at `path` (made when missing, mode 0600), or give up at once.
 *
 * @returns undefined where another holder is in the way
 */
export function tryLock(path: string, mode: LockMode = 'exclusive'): FileLock | undefined {
  const file = openSync(path, 'a', 0o600)
  const result = Number(flock(file, operations[mode] | nonBlocking))
  if (result === 0) return heldLock(file)
  closeSync(file)
  if (result === -EAGAIN) return undefined
  requireSuccess(result, 'lock a file', { path, mode })
  return undefined
}

/**
 * Take the lock, waiting in the kernel. It blocks the thread: for short critical sections
 * in a process that serves nobody else.
 */
export function lockSync(path: string, mode: LockMode = 'exclusive'): FileLock {
  const file = openSync(path, 'a', 0o600)
  let result: number
  do result = Number(flock(file, operations[mode]))
  while (result === -EINTR)
  if (result !== 0) {
    closeSync(file)
    requireSuccess(result, 'lock a file', { path, mode })
  }
  return heldLock(file)
}

/**
 * Take the lock, waiting without blocking the event loop.
 *
 * @param timeoutMs how long to wait before giving up; absent: for ever
 * @throws {OperationError} `LOCKED` when the time is over
 */
export async function lock(
  path: string,
  mode: LockMode = 'exclusive',
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<FileLock> {
  const deadline = monotonicMs() + timeoutMs
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const held = tryLock(path, mode)
    if (held) return held
    if (monotonicMs() >= deadline)
      throw new OperationError('LOCKED', 'lock a file', { path, mode, timeoutMs })
    await new Promise((resolve) => {
      setTimeout(resolve, pause)
    })
  }
}

function heldLock(file: number): FileLock {
  let open = true
  const release = (): void => {
    if (!open) return
    open = false
    closeSync(file)
  }
  return { release, [Symbol.dispose]: release }
}
