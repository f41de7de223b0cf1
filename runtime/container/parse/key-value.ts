import { invalidValue } from './invalid-value.ts'

/**
 * Read `KEY[=VALUE]` lists (labels, annotations, driver options); a later key wins.
 * The result has no prototype, so that `__proto__` is a key like any other.
 * @param what for the error: "label", "annotation"
 * @throws {OperationError} INVALID_ARGUMENT for an empty key or, with `needsValue`, a missing `=`
 */
export function parseKeyValues(
  what: string,
  items: readonly string[],
  needsValue = false,
): Record<string, string> {
  const result: Record<string, string> = Object.create(null)
  for (const item of items) {
    const equals = item.indexOf('=')
    const key = equals < 0 ? item : item.slice(0, equals)
    if (key === '' || /\0/.test(item) || (needsValue && equals < 0))
      throw invalidValue(what, item, `Write KEY=VALUE`)
    result[key] = equals < 0 ? '' : item.slice(equals + 1)
  }
  return result
}

/** Lines of a `--label-file`: one `KEY[=VALUE]` each, `#` comments and empty lines left out. */
export function labelFileLines(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
