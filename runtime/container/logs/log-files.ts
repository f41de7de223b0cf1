import { closeSync, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { logFileName } from '../container-folder.ts'
import { isSystemError } from '../../../native/system-error.ts'

/** Rotated files and the current one, oldest first: container.log.2, container.log.1, container.log. */
export function logFiles(folder: string, current = logFileName): string[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
  const age = (name: string): number =>
    name === current ? 0 : Number(name.slice(current.length + 1))
  return names
    .filter(
      (name) =>
        name.startsWith(current) &&
        (name === current || /^\.[0-9]+$/.test(name.slice(current.length))),
    )
    .toSorted((a, b) => age(b) - age(a))
    .map((name) => join(folder, name))
}

/** Where the file is that has been rotated `age` times. */
export function rotatedPath(folder: string, age: number, current = logFileName): string {
  return join(folder, age === 0 ? current : `${current}.${age}`)
}

export interface LogPosition {
  /** Index into the files, oldest first. */
  readonly file: number
  /** Byte offset of the start of a line. */
  readonly offset: number
}

const blockSize = 64 * 1024

/** Where the last `lines` lines begin, read from the end in blocks so that huge logs cost little. */
export function tailPosition(files: readonly string[], lines: number): LogPosition {
  let wanted = lines
  for (let index = files.length - 1; index >= 0; index--) {
    const path = files[index]
    if (path === undefined) continue
    if (wanted <= 0) return { file: index, offset: statSync(path).size }
    const found = scanBack(path, wanted)
    if (found.offset !== undefined) return { file: index, offset: found.offset }
    wanted -= found.lines
    if (wanted <= 0) return { file: index, offset: 0 }
  }
  return { file: 0, offset: 0 }
}

function scanBack(path: string, wanted: number): { lines: number; offset?: number } {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const block = Buffer.alloc(Math.min(blockSize, size))
    let seen = 0
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - blockSize)
      const count = readSync(file, block, 0, end - start, start)
      for (let at = count - 1; at >= 0; at--) {
        // The newline at the very end closes the last line; each earlier one opens the next.
        if (block[at] !== 0x0a || start + at === size - 1) continue
        seen++
        if (seen === wanted) return { lines: seen, offset: start + at + 1 }
      }
      end = start
    }
    return { lines: size === 0 ? 0 : seen + 1 }
  } finally {
    closeSync(file)
  }
}
