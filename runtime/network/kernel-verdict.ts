import { OperationError } from '../../native/error.ts'

/** Whether the kernel refused a step with one of these errno names. */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  if (!(error instanceof OperationError)) return false
  const errno = error.detail['errno']
  return typeof errno === 'string' && names.includes(errno)
}
