import { invalidValue } from './invalid-value.ts'

/**
 * Normalise a capability as users write it: `net_admin`, `CAP_NET_ADMIN`, `all`. Whether the
 * kernel knows it is checked where the sets are computed.
 * @returns upper case, without `CAP_`
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseCapabilityName(text: string): string {
  const name = text.toUpperCase().replace(/^CAP_/, '')
  if (/^[A-Z][A-Z0-9_]{1,40}$/.test(name)) return name
  throw invalidValue('capability', text, 'Write a name such as NET_ADMIN, or ALL')
}
