import { OperationError } from '../../../native/error.ts'

/**
 * The error for a value that a user wrote wrongly.
 * @param what the noun phrase of what it should have been: "size", "restart policy"
 * @param hint what is accepted, one sentence
 */
export function invalidValue(what: string, value: string, hint: string): OperationError {
  // Hostile values reach terminals and logs through this message.
  const shown = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  return new OperationError('INVALID_ARGUMENT', `parse ${what}`, { value: shown }, { hint })
}
