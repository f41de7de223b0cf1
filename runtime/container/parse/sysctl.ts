import { invalidValue } from './invalid-value.ts'
import { parseKeyValues } from './key-value.ts'

/**
 * Read `--sysctl` values, `net.ipv4.ip_forward=1`; slashes may separate as well as dots. Only
 * the spelling is checked here: which are namespaced depends on the namespaces, checked later.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseSysctls(items: readonly string[]): Record<string, string> {
  const result = parseKeyValues('sysctl', items, true)
  for (const key of Object.keys(result)) {
    const isPlain = /^[a-z0-9_-]+(?:[./][A-Za-z0-9_@:-]+)+$/i.test(key)
    if (!isPlain || key.includes('..'))
      throw invalidValue('sysctl', key, 'Write a name such as net.ipv4.ip_forward and =VALUE')
  }
  return result
}
