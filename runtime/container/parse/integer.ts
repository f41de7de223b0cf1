import { invalidValue } from './invalid-value.ts'

/**
 * Read a decimal integer strictly: no spaces, no sign but `-`, no exponent, no hexadecimal.
 * @throws {OperationError} INVALID_ARGUMENT when it is none or lies outside [min, max]
 */
export function parseInteger(what: string, text: string, min: number, max: number): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw invalidValue(what, text, `A whole number from ${min} to ${max} is wanted`)
}
