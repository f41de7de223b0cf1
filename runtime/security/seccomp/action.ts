import { OperationError } from '../../../native/error.ts'
import type { SeccompAction } from '../../spec/seccomp.ts'
import * as bpf from './bpf.ts'

/** Version of the running kernel; `uname -r` begins with both. */
export interface KernelVersion {
  readonly major: number
  readonly minor: number
}

export const EPERM = 1
export const ENOSYS = 38

export function isAtLeast(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor)
}

/**
 * The value a filter returns for an action.
 * @param errnoRet for ERRNO and TRACE; absent: EPERM
 * @throws {OperationError} `UNSUPPORTED` where this kernel would take the action for "kill"
 */
export function returnValue(
  action: SeccompAction,
  errnoRet: number | undefined,
  kernel: KernelVersion,
): number {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return bpf.RET_ALLOW
    case 'SCMP_ACT_ERRNO':
      return bpf.RET_ERRNO | (errnoRet ?? EPERM)
    case 'SCMP_ACT_TRACE':
      return bpf.RET_TRACE | (errnoRet ?? EPERM)
    case 'SCMP_ACT_KILL':
    case 'SCMP_ACT_KILL_THREAD':
      return bpf.RET_KILL_THREAD
    case 'SCMP_ACT_TRAP':
      return bpf.RET_TRAP
    case 'SCMP_ACT_KILL_PROCESS':
      requireKernel(kernel, 4, 14, action)
      return bpf.RET_KILL_PROCESS
    case 'SCMP_ACT_LOG':
      requireKernel(kernel, 4, 14, action)
      return bpf.RET_LOG
    case 'SCMP_ACT_NOTIFY':
      requireKernel(kernel, 5, 0, action)
      return bpf.RET_USER_NOTIF
  }
}

/** @throws {OperationError} `UNSUPPORTED` where the kernel is older */
export function requireKernel(
  kernel: KernelVersion,
  major: number,
  minor: number,
  feature: string,
): void {
  if (isAtLeast(kernel, major, minor)) return
  throw new OperationError('UNSUPPORTED', 'compile the seccomp filter', {
    feature,
    needs: `Linux ${major}.${minor}`,
    kernel: `${kernel.major}.${kernel.minor}`,
  })
}

const named: readonly (readonly [number, string])[] = [
  [bpf.RET_KILL_PROCESS, 'KILL_PROCESS'],
  [bpf.RET_KILL_THREAD, 'KILL_THREAD'],
  [bpf.RET_TRAP, 'TRAP'],
  [bpf.RET_ERRNO, 'ERRNO'],
  [bpf.RET_USER_NOTIF, 'USER_NOTIF'],
  [bpf.RET_TRACE, 'TRACE'],
  [bpf.RET_LOG, 'LOG'],
  [bpf.RET_ALLOW, 'ALLOW'],
]

/** A return value for people: `ALLOW`, `ERRNO(1)`. */
export function describeReturn(value: number): string {
  const action = (value & 0xffff_0000) >>> 0
  const data = value & 0xffff
  const name = named.find(([code]) => code === action)?.[1] ?? `0x${action.toString(16)}`
  return name === 'ERRNO' || name === 'TRACE' ? `${name}(${data})` : name
}
