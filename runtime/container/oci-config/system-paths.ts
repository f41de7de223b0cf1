import type { SecurityOptions } from '../options.ts'

/** What tells too much about the host, or can hang or harm it; docker's list. */
const maskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
]

const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

export interface SystemPaths {
  readonly maskedPaths: string[]
  readonly readonlyPaths: string[]
}

/** Paths to hide and to write-protect, after --privileged and the mask and unmask options. */
export function systemPaths(security: SecurityOptions, extra: readonly string[] = []): SystemPaths {
  const { privileged, systemPathsUnconfined, mask, unmask } = security
  const isOpen = privileged || systemPathsUnconfined || unmask.includes('ALL')
  const kept = (paths: readonly string[]) =>
    isOpen ? [] : paths.filter((path) => !unmask.some((pattern) => covers(pattern, path)))
  const hidden = new Set([...kept([...maskedPaths, ...extra]), ...mask])
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
