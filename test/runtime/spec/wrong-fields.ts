import { OperationError } from '../../../native/error.ts'
import { validateConfig } from '../../../runtime/spec/config.ts'

/** Paths that the error for this value names, in order; none when it is valid. */
export function wrongFields(value: unknown): string[] {
  try {
    validateConfig(value)
    return []
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'INVALID_SPEC') throw error
    const fields = String(error.detail['fields']).split('; ')
    return fields.map((field) => field.slice(0, field.indexOf(': expected ')))
  }
}
