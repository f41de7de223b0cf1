import { isSystemError } from '../../native/system-error.ts'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'

/**
 * Set a kernel parameter unless it has the value already.
 *
 * @param name with slashes, as below /proc/sys
 * @returns false where the kernel has no such parameter
 * @throws {OperationError} `SYSCALL_FAILED` where it may not be written
 */
export function ensureSysctl(name: string, value: string): boolean {
  const path = `/proc/sys/${name}`
  try {
    if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new OperationError(
      'SYSCALL_FAILED',
      'set a kernel parameter',
      { path, value, errno },
      { cause: error, hint: 'Networking needs it: set it yourself, or use "--network none"' },
    )
  }
}

/**
 * Forward IPv6 packets. That makes the kernel ignore router advertisements unless told otherwise
 * (Documentation/networking/ip-sysctl.rst, accept_ra), so interfaces that use them keep doing so.
 */
export function ensureIpv6Forwarding(): void {
  const all = '/proc/sys/net/ipv6/conf/all/forwarding'
  if (readFileSync(all, 'utf8').trim() !== '0') return
  for (const name of readdirSync('/proc/sys/net/ipv6/conf')) {
    const path = `/proc/sys/net/ipv6/conf/${name}/accept_ra`
    const isDevice = name !== 'all' && name !== 'default' && name !== 'lo'
    if (isDevice && readFileSync(path, 'utf8').trim() === '1') writeFileSync(path, '2')
  }
  ensureSysctl('net/ipv6/conf/all/forwarding', '1')
}
