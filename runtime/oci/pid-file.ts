import { renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { OperationError } from '../../native/error.ts'

/** The number alone, without an end of line, as engines read it; whoever sees the file sees all of it. */
export function writePidFile(path: string, pid: number): void {
  const temporary = join(dirname(path), `.${basename(path)}`)
  try {
    writeFileSync(temporary, String(pid), { mode: 0o644 })
    renameSync(temporary, path)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'write the pid file',
      { path },
      { cause, hint: 'Name a file in a folder that exists' },
    )
  }
}
