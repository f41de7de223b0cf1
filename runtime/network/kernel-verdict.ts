import { OperationError } from '../../native/error.ts'

/** Whether the kernel refused a step with one of these errno names. */
export function hasErrno(error: unknown, ...names: readonly string[]): boolean {
  if (!(error instanceof OperationError)) return false
  const errno = error.detail['errno']
  if (typeof errno !== 'string') return false
  // Two names of one number on Linux, errno(3); errnoName gives the first.
  return names.includes(errno) || (errno === 'ENOTSUP' && names.includes('EOPNOTSUPP'))
}
