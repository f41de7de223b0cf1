import type { HostEntry } from '../options.ts'
import { invalidValue } from './invalid-value.ts'
import { isIpAddress } from './ip-address.ts'

/**
 * Read `--add-host`: `NAME:ADDRESS`, `NAME=ADDRESS`, an IPv6 address perhaps in brackets;
 * several names separated by `;` (podman). The address may be `host-gateway`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseHostEntries(text: string): HostEntry[] {
  const hint = 'Write NAME:ADDRESS, the address being an IP address or host-gateway'
  const match = /^([^:=]+)[:=](.+)$/.exec(text)
  const address = match?.[2]?.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (!match || (address !== 'host-gateway' && !isIpAddress(address)))
    throw invalidValue('host entry', text, hint)
  return (match[1] ?? '').split(';').map((name) => {
    // The name goes into a line of /etc/hosts: a blank or newline would forge another.
    if (!/^[A-Za-z0-9_.-]+$/.test(name)) throw invalidValue('host entry', text, hint)
    return { name, address }
  })
}
