import { OperationError } from '../../native/error.ts'
import { editDistance } from '../../rootfs/edit-distance.ts'
import type { Capabilities } from '../spec/process.ts'

/**
 * Every capability of Linux up to 6.18, at the index of its number.
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html and include/uapi/linux/capability.h
 */
export const capabilityNames: readonly string[] = prefixed(`
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
  NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
  SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
  SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
  WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`)

/**
 * What a container has unless it is told otherwise; the set that `podman run` gives. Docker's three more are left out: raw
 * packets forge those of neighbours (ping works without, see the sysctls), no device node can be opened that the control
 * group does not allow anyway, and the audit log is the host's.
 */
export const defaultCapabilities: readonly string[] = prefixed(`
  CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL`)

function prefixed(names: string): string[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => `CAP_${name}`)
}

/** Number of a capability by its full name, or undefined where Linux has none by that name. */
export function findCapabilityNumber(name: string): number | undefined {
  const number = capabilityNames.indexOf(name)
  return number === -1 ? undefined : number
}

/**
 * Full name of a capability as a user writes it: any case, with or without `CAP_`.
 * @returns `ALL` for that word
 * @throws {OperationError} `INVALID_ARGUMENT`, with the nearest name as the hint
 */
export function parseCapability(text: string): string {
  const upper = text.trim().toUpperCase()
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL'
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
  if (capabilityNames.includes(name)) return name
  const nearest = nearestName(name)
  const hint =
    nearest === undefined ? 'See capabilities(7) for the names' : `Did you mean ${nearest}?`
  throw new OperationError('INVALID_ARGUMENT', 'read a capability name', { name: text }, { hint })
}

export interface CapabilityOptions {
  /** Values of `--cap-add`. */
  readonly add?: readonly string[] | undefined
  /** Values of `--cap-drop`. */
  readonly drop?: readonly string[] | undefined
  /** All that the kernel has; add and drop are then without effect, as docker reads them. */
  readonly privileged?: boolean | undefined
  /** Where to start. Default: `defaultCapabilities`. */
  readonly defaults?: readonly string[] | undefined
  /** Highest number the running kernel knows (/proc/sys/kernel/cap_last_cap). Default: all. */
  readonly last?: number | undefined
  /** What can be granted at all: the bounding set of whoever starts the container. Default: all. */
  readonly grantable?: readonly string[] | undefined
}

/**
 * The capabilities that remain, in the order of their numbers. Docker's reading: `drop ALL` with
 * `add X` leaves X alone, `add ALL` with `drop X` leaves all but X, and otherwise a dropped one
 * leaves the defaults and an added one joins them, added last.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for an unknown name, `UNSUPPORTED` for one that was
 *   asked for by name and cannot be granted
 */
export function chooseCapabilities(options: CapabilityOptions = {}): string[] {
  const { grantable, last = capabilityNames.length - 1 } = options
  const ofKernel = capabilityNames.slice(0, last + 1)
  const known = grantable ? ofKernel.filter((name) => grantable.includes(name)) : ofKernel
  const add = (options.add ?? []).map(parseCapability)
  const drop = (options.drop ?? []).map(parseCapability)
  if (options.privileged === true) return [...known]
  if (grantable) requireGrantable(add, known)
  const chosen = new Set(add.includes('ALL') ? known : startingSet(drop, options))
  for (const name of drop) chosen.delete(name)
  // `add ALL` names nothing, so a dropped one stays dropped; a name given to both is added.
  for (const name of add) if (!(add.includes('ALL') && drop.includes(name))) chosen.add(name)
  return known.filter((name) => chosen.has(name))
}

function requireGrantable(add: readonly string[], known: readonly string[]): void {
  const missing = add.find((name) => name !== 'ALL' && !known.includes(name))
  if (missing !== undefined)
    throw new OperationError(
      'UNSUPPORTED',
      'grant a capability',
      { name: missing },
      { hint: 'It is not in the bounding set of whoever starts the container (capabilities(7))' },
    )
}

function startingSet(drop: readonly string[], options: CapabilityOptions): readonly string[] {
  return drop.includes('ALL') ? [] : (options.defaults ?? defaultCapabilities)
}

/**
 * The five sets for a program with these capabilities.
 *
 * Inheritable and ambient stay empty for root: a non-empty inheritable set let programs with file
 * capabilities gain more than was granted (CVE-2022-24769, CVE-2022-29162). For another user the
 * permitted set would be lost at execve, which is docker's behaviour too.
 */
export function capabilitySets(names: readonly string[]): Required<Capabilities> {
  return {
    bounding: [...names],
    effective: [...names],
    permitted: [...names],
    inheritable: [],
    ambient: [],
  }
}

/** Bit mask of names, as capset(2) and /proc/PID/status have it; unknown names are left out. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => {
    const number = findCapabilityNumber(name)
    return number === undefined ? mask : mask | (1n << BigInt(number))
  }, 0n)
}

function nearestName(name: string): string | undefined {
  const [best] = capabilityNames
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .toSorted((a, b) => a.distance - b.distance)
  // Without the prefix, which costs nothing to get right: a third of the letters may differ.
  const limit = Math.min(4, Math.max(1, Math.floor((name.length - 'CAP_'.length) / 3)))
  return best !== undefined && best.distance <= limit ? best.candidate : undefined
}
