import { closeSync, fstatSync, openSync, rmSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { writeAll } from '../../../native/write-all.ts'

/**
 * Write an archive to a file of the user's. Half an archive does not stay; what is no file, such as /dev/null, does.
 *
 * @param act is told how to write
 * @throws {OperationError} `INVALID_ARGUMENT` where the file cannot be opened; whatever `act` throws
 */
export async function writeArchive(
  path: string,
  act: (write: (chunk: string | Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const file = openOutput(path)
  try {
    await act((chunk) => writeAll(file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
  } catch (error) {
    if (fstatSync(file).isFile()) rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function openOutput(path: string): number {
  try {
    return openSync(path, 'w', 0o600)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'write an archive',
      { path },
      { cause, hint: 'Name a file in a folder that you may write to' },
    )
  }
}
