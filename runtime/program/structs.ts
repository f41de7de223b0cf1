// Structures of the kernel's interface, laid out in the data segment. Each function names its own
// man page; all integers are little endian on both architectures.

import type { DataSegment } from './data-segment.ts'
import type { Data } from './operand.ts'

/** NULL-terminated vector of strings, as execve(2) takes for argv and envp. */
export function stringVector(data: DataSegment, values: readonly string[]): Data {
  return data.words([...values.map((value) => data.text(value)), 0])
}

/** struct open_how of openat2(2), 24 bytes. */
export function openHow(data: DataSegment, flags: number, mode: number, resolve: number): Data {
  return data.words([flags, mode, resolve])
}
export const OPEN_HOW_SIZE = 24

export interface MountAttributes {
  readonly set?: number
  readonly clear?: number
  readonly propagation?: number
  /** Offset of the `userns_fd` field is 24; it is stored at run time. */
  readonly userNamespace?: number
}

/** struct mount_attr of mount_setattr(2), 32 bytes. */
export function mountAttributes(data: DataSegment, attributes: MountAttributes): Data {
  const { set = 0, clear = 0, propagation = 0, userNamespace = 0 } = attributes
  return data.words([set, clear, propagation, userNamespace])
}
export const MOUNT_ATTR_SIZE = 32
export const MOUNT_ATTR_USERNS_OFFSET = 24

/** struct clone_args of clone3(2), 88 bytes: flags, pidfd pointer, exit signal, cgroup descriptor. */
export function cloneArgs(
  data: DataSegment,
  flags: number | bigint,
  pidfd: Data,
  signal: number,
): Data {
  return data.words([flags, pidfd, 0, 0, signal, 0, 0, 0, 0, 0, 0])
}
export const CLONE_ARGS_SIZE = 88
export const CLONE_ARGS_CGROUP_OFFSET = 80

/** struct sock_fprog of seccomp(2): count and address of the filter. */
export function filterProgram(data: DataSegment, filter: Uint8Array): Data {
  return data.words([filter.length / 8, data.bytes(filter)])
}

/** struct landlock_path_beneath_attr of landlock_add_rule(2), packed; its descriptor is stored at run time. */
export function landlockBeneath(data: DataSegment, allowed: number): Data {
  return data.words([allowed, 0])
}
export const LANDLOCK_BENEATH_DESCRIPTOR = 8
/** struct landlock_ruleset_attr: rights over files, over networks, scopes. */
export const LANDLOCK_RULESET_SIZE = 24

/** struct rlimit64 of prlimit(2). */
export function resourceLimit(data: DataSegment, soft: bigint, hard: bigint): Data {
  return data.words([soft, hard])
}

/** Header of capset(2), version 3, and behind it the two halves of the three sets. */
export function capabilityData(
  data: DataSegment,
  sets: { readonly effective: bigint; readonly permitted: bigint; readonly inheritable: bigint },
): { header: Data; sets: Data } {
  const all = [sets.effective, sets.permitted, sets.inheritable]
  const bytes = Buffer.alloc(24)
  for (const [index, set] of all.entries()) {
    bytes.writeUInt32LE(Number(set & 0xffffffffn), index * 4)
    bytes.writeUInt32LE(Number(set >> 32n), 12 + index * 4)
  }
  return { header: data.words([0x20080522]), sets: data.bytes(bytes) }
}

/** struct winsize of ioctl_tty(2). */
export function windowSize(data: DataSegment, rows: number, columns: number): Data {
  return data.words([(columns & 0xffff) * 0x10000 + (rows & 0xffff)])
}

/** struct timespec. */
export function timeSpan(data: DataSegment, milliseconds: number): Data {
  return data.words([Math.trunc(milliseconds / 1000), (milliseconds % 1000) * 1_000_000])
}

/** Array of 32-bit ids, as setgroups(2) takes. */
export function idArray(data: DataSegment, ids: readonly number[]): Data {
  const bytes = Buffer.alloc(Math.max(ids.length * 4, 4))
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, index * 4)
  return data.bytes(bytes)
}
