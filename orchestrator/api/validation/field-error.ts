/** One thing that is wrong with one field; a validation collects them all. */
export interface FieldError {
  /** As in messages: `spec.containers[0].image`. */
  readonly field: string
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTypeInvalid'
  readonly text: string
}

/** `"spec.containers[0].image: Required value"`. */
export function describeFieldError({ field, text }: FieldError): string {
  return `${field}: ${text}`
}

function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null')
}

export function required(field: string, why = ''): FieldError {
  return {
    field,
    reason: 'FieldValueRequired',
    text: why ? `Required value: ${why}` : 'Required value',
  }
}

export function invalidValue(field: string, value: unknown, why: string): FieldError {
  return { field, reason: 'FieldValueInvalid', text: `Invalid value: ${quote(value)}: ${why}` }
}

export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const list = supported.toSorted().map(quote).join(', ')
  const text = `Unsupported value: ${quote(value)}: supported values: ${list}`
  return { field, reason: 'FieldValueNotSupported', text }
}

export function forbiddenField(field: string, why: string): FieldError {
  return { field, reason: 'FieldValueForbidden', text: `Forbidden: ${why}` }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', text: `Duplicate value: ${quote(value)}` }
}

export function tooLong(field: string, limit: number): FieldError {
  return {
    field,
    reason: 'FieldValueTooLong',
    text: `Too long: may not be more than ${limit} bytes`,
  }
}
