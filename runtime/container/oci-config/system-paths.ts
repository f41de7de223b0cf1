import { maskedPaths, readonlyPaths } from '../../security/default-paths.ts'
import type { SecurityOptions } from '../options.ts'

export interface SystemPaths {
  readonly maskedPaths: string[]
  readonly readonlyPaths: string[]
}

/**
 * Paths to hide and to write-protect, after --privileged and the mask and unmask options.
 *
 * @param cpus names of the host's processors, as in /sys/devices/system/cpu
 */
export function systemPaths(security: SecurityOptions, cpus: readonly string[] = []): SystemPaths {
  const { privileged, systemPathsUnconfined, mask, unmask } = security
  const isOpen = privileged || systemPathsUnconfined || unmask.includes('ALL')
  const kept = (paths: readonly string[]) =>
    isOpen ? [] : paths.filter((path) => !unmask.some((pattern) => covers(pattern, path)))
  const hidden = new Set([...kept(maskedPaths(cpus)), ...mask])
  return { maskedPaths: [...hidden], readonlyPaths: kept(readonlyPaths) }
}

/** `*` stands for anything but a slash, as in podman's unmask=/proc/*. */
function covers(pattern: string, path: string): boolean {
  if (!pattern.includes('*')) return pattern === path
  const [head = '', ...tails] = pattern.split('*')
  if (!path.startsWith(head)) return false
  let at = head.length
  for (const tail of tails) {
    const next = tail === '' ? path.length : path.indexOf(tail, at)
    if (next < 0 || path.slice(at, next).includes('/')) return false
    at = next + tail.length
  }
  return at === path.length
}
