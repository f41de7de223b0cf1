import { OperationError } from '../../../native/error.ts'

export function templateError(reason: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', `template parsing error: ${reason}`)
}
