import { readFileSync } from 'node:fs'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

const madvise = declareSyscall('madvise', ['uint64_t', 'uint64_t', 'int'])
const MADV_DONTNEED = 4

/** Addresses of this process. */
export interface PageRange {
  readonly start: bigint
  readonly size: bigint
}

/**
 * Where the program's own file is mapped and is as it is in the file: its code and constants, without what the dynamic
 * linker has written to. They stay mapped as long as the process lives.
 *
 * @param program path of the file
 * @param maps text of proc_pid_smaps(5)
 */
export function findProgramPages(program: string, maps: string): PageRange[] {
  return maps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((entry) => {
    const [, start, end, path] =
      /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \d+ +(\/.*)$/m.exec(entry) ?? []
    if (start === undefined || end === undefined || path !== program) return []
    const written = /^Anonymous: +(\d+) kB$/m.exec(entry)?.[1]
    if (written !== '0') return []
    const from = BigInt(`0x${start}`)
    return [{ start: from, size: BigInt(`0x${end}`) - from }]
  })
}

export function readProgramPages(): PageRange[] {
  return findProgramPages(process.execPath, readFileSync('/proc/self/smaps', 'latin1'))
}

/**
 * Let go of pages of the program's file, madvise(2). The kernel's cache keeps them and maps again what is still used.
 *
 * @throws {OperationError} SYSCALL_FAILED
 */
export function releaseProgramPages(ranges: readonly PageRange[]): void {
  for (const { start, size } of ranges) {
    const detail = { start: `0x${start.toString(16)}`, size: Number(size) }
    requireSuccess(madvise(start, size, MADV_DONTNEED), 'let go of pages of the program', detail)
  }
}
