// What a container does not see of the host's /proc and /sys, or may only read: docker's lists and podman's.

const maskedEverywhere: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts', // keystroke timing, GHSA-6fw5-f8r9-fgfm
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/dev/block', // the host's disks
  '/sys/devices/virtual/powercap', // power readings reveal secrets, GHSA-jq35-85cj-fj4p
  '/sys/firmware',
  '/sys/fs/selinux',
]

/**
 * Paths hidden from a container that is not privileged. Those that a kernel does not have are
 * skipped when they are applied.
 *
 * @param cpus names of the host's processors (`cpu0`), each with thermal counters of its own,
 *   which tell of the load of others
 */
export function maskedPaths(cpus: readonly string[]): string[] {
  const thermal = cpus.map((cpu) => `/sys/devices/system/cpu/${cpu}/thermal_throttle`)
  return [...maskedEverywhere, ...thermal]
}

/** Paths that a container that is not privileged may only read. */
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]
