import { aarch64 } from '../../../native/syscall-numbers/aarch64.ts'
import { arm } from '../../../native/syscall-numbers/arm.ts'
import { i386 } from '../../../native/syscall-numbers/i386.ts'
import type { Architecture } from '../../../native/syscall-numbers/number.ts'
import { findX32Number } from '../../../native/syscall-numbers/x32.ts'
import { x86_64 } from '../../../native/syscall-numbers/x86_64.ts'
import type { SeccompArchitecture } from '../../spec/seccomp.ts'
import { AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from './bpf.ts'

/** One way to enter the kernel: a numbering of system calls under an audit architecture. */
export interface Abi {
  readonly name: SeccompArchitecture
  /** What `seccomp_data.arch` holds. Two ABIs may share it: x32 is told by a bit of the number. */
  readonly audit: number
  /** Number as `seccomp_data.nr` holds it, or undefined where the ABI has no such call. */
  readonly find: (call: string) => number | undefined
}

/** A name such as `constructor`, which every object answers to, has no number. */
function inTable(table: Readonly<Record<string, number>>): Abi['find'] {
  return (call) => {
    const number: unknown = table[call]
    return typeof number === 'number' ? number : undefined
  }
}

const abis: Readonly<Record<Architecture, readonly [Abi, ...Abi[]]>> = {
  x86_64: [
    { name: 'SCMP_ARCH_X86_64', audit: AUDIT_ARCH_X86_64, find: inTable(x86_64) },
    { name: 'SCMP_ARCH_X86', audit: AUDIT_ARCH_I386, find: inTable(i386) },
    { name: 'SCMP_ARCH_X32', audit: AUDIT_ARCH_X86_64, find: findX32Number },
  ],
  aarch64: [
    { name: 'SCMP_ARCH_AARCH64', audit: AUDIT_ARCH_AARCH64, find: inTable(aarch64) },
    { name: 'SCMP_ARCH_ARM', audit: AUDIT_ARCH_ARM, find: inTable(arm) },
  ],
}

/**
 * The ABIs a filter lets in: the native one always, the others that the processor can run where
 * the profile lists them. What is listed for other machines (profiles list all) has no effect.
 */
export function selectAbis(
  architecture: Architecture,
  listed: readonly SeccompArchitecture[] = [],
): readonly [Abi, ...Abi[]] {
  const [native, ...others] = abis[architecture]
  return [native, ...others.filter(({ name }) => listed.includes(name))]
}

/** How our own processes enter the kernel. */
export function nativeAbi(architecture: Architecture): Abi {
  return abis[architecture][0]
}

/** Every ABI of a machine, the native one first. */
export function allAbis(architecture: Architecture): readonly [Abi, ...Abi[]] {
  return abis[architecture]
}
