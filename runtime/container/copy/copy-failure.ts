import { errnoName } from '../../../native/errno.ts'
import { OperationError } from '../../../native/error.ts'
import { fromRaw } from '../../../native/raw-text.ts'

/** @throws {OperationError} `SYSCALL_FAILED` for a negative result */
export function check(step: string, path: string, result: number): void {
  if (result >= 0) return
  throw new OperationError(
    'SYSCALL_FAILED',
    step,
    { path: fromRaw(path), errno: errnoName(result) },
    { exitCode: 1 },
  )
}

export function refuse(path: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `copy to ${fromRaw(path)}`,
    { reason },
    { exitCode: 1 },
  )
}

export function readOnlyError(path: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `copy to ${fromRaw(path)}`,
    { reason: 'the root file system or volume is read-only' },
    { exitCode: 1 },
  )
}
