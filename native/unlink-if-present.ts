import { unlinkSync } from 'node:fs'
import { isSystemError } from './system-error.ts'

/** Remove a file that may be gone already. */
export function unlinkIfPresent(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
