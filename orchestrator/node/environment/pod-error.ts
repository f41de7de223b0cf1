import { OperationError } from '../../../native/error.ts'
import type { ErrorCode } from '../../../native/error.ts'

/**
 * A failure whose message people look for in a pod's status or events: upstream's words, and nothing around them.
 *
 * @param text the whole message: `configmap "settings" not found`
 */
export function podError(code: ErrorCode, text: string, cause?: unknown): OperationError {
  return new OperationError(code, text, {}, cause === undefined ? {} : { cause })
}
