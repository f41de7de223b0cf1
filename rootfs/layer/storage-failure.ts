import { OperationError } from '../../native/error.ts'

// A full or failing disk is nobody's bad image: it has its own code, and says what to do.

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, e.g. with "myimage prune"',
  EDQUOT: 'The disk quota is used up: free some space, e.g. with "myimage prune"',
  EROFS: 'The file system is read-only; see the kernel log for why',
  EIO: 'The disk reports errors: see the kernel log, and check with "myimage verify"',
}

/** Whether an errno name speaks of the disk rather than of what is written. */
export function isStorageErrno(errno: string): boolean {
  return Object.hasOwn(hints, errno)
}

export function storageFailure(step: string, errno: string, cause?: unknown): OperationError {
  const options = { hint: hints[errno], ...(cause === undefined ? {} : { cause }) }
  return new OperationError('SYSCALL_FAILED', step, { errno }, options)
}

/** A failed file operation of Node as an error with a code; everything else as it is. */
export function withStorageHint(step: string, error: unknown): unknown {
  if (error instanceof OperationError || !(error instanceof Error) || !('code' in error))
    return error
  const errno = String(error.code)
  return isStorageErrno(errno) ? storageFailure(step, errno, error) : error
}
