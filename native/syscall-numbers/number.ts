import { OperationError } from '../error.ts'
import { aarch64 } from './aarch64.ts'
import { x86_64 } from './x86_64.ts'

export type Architecture = 'x86_64' | 'aarch64'

const tables: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = { x86_64, aarch64 }

/** Kernel name of the architecture this process runs on. */
export const hostArchitecture: Architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64'

/**
 * Number of a system call, or undefined where the architecture has none by that name
 * (aarch64 has no `open`, `mknod`, `pipe`, …).
 */
export function findSyscallNumber(
  name: string,
  architecture = hostArchitecture,
): number | undefined {
  const table = tables[architecture]
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** @throws {OperationError} `INTERNAL` where the architecture has no such call */
export function syscallNumber(name: string, architecture = hostArchitecture): number {
  const number = findSyscallNumber(name, architecture)
  if (number === undefined)
    throw new OperationError('INTERNAL', 'look up a system call', { name, architecture })
  return number
}

/** Every system call of an architecture, by name. */
export function syscallTable(architecture: Architecture): Readonly<Record<string, number>> {
  return tables[architecture]
}
