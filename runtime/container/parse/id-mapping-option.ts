import { invalidValue } from './invalid-value.ts'

/** Three 32-bit numbers: container id, host id, length; `@` makes the host id relative. */
const rows = String.raw`@?\d{1,10}-@?\d{1,10}-\d{1,10}`
const list = `(?:uids|gids)=${rows}(?:#${rows})*`

/**
 * Check the value of a mount's `idmap` option: empty for the container's own map, or
 * `uids=0-1000-1#…;gids=…`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseIdMappingOption(text: string): string {
  const value = text.replace(/;$/, '')
  if (value === '' || new RegExp(`^${list}(?:;${list})*$`).test(value)) return value
  throw invalidValue('idmap', text, 'Write uids=CONTAINER-HOST-SIZE;gids=CONTAINER-HOST-SIZE')
}
