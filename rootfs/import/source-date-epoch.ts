import { OperationError } from '../../native/error.ts'

/**
 * SOURCE_DATE_EPOCH: whole seconds since 1970 that no time in what we write may pass.
 *
 * @see https://reproducible-builds.org/specs/source-date-epoch/
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function readSourceDateEpoch(
  value: string | undefined = process.env['SOURCE_DATE_EPOCH'],
): number | undefined {
  if (value === undefined || value === '') return undefined
  const seconds = /^\d{1,11}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isNaN(seconds)) return seconds
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read SOURCE_DATE_EPOCH',
    { value: value.slice(0, 40) },
    { hint: 'Give whole seconds since 1970' },
  )
}

/** RFC 3339 time for what is made now; SOURCE_DATE_EPOCH makes the same input the same image. */
export function creationTime(): string {
  const epoch = readSourceDateEpoch()
  if (epoch === undefined) return new Date().toISOString()
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}
