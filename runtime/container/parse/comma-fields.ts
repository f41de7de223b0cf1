import { invalidValue } from './invalid-value.ts'

/**
 * Split one line of comma-separated values (RFC 4180): a field that starts with a double quote
 * may contain commas, and `""` for a quote. --mount and --network values are written so.
 * @throws {OperationError} INVALID_ARGUMENT for an open quote or text after a closed one
 */
export function commaFields(what: string, text: string): string[] {
  const fields: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  while (pattern.lastIndex <= text.length) {
    const match = pattern.exec(text)
    if (!match) throw invalidValue(what, text, 'Quote a whole field, and double quotes inside it')
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '') return fields
  }
  return fields
}
