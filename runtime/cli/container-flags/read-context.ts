import { OperationError } from '../../../native/error.ts'
import type { CommandIo } from '../command-io.ts'

/** What reading flags needs of the outside: the caller's environment, folder and files. */
export interface ReadContext {
  readonly io: Pick<CommandIo, 'env' | 'cwd'>
  /** Reads a text file; relative to the caller's folder. */
  readonly readText: (path: string) => string
}

/** Larger than any sensible list of variables or labels. */
const maximumBytes = 16 * 1024 * 1024

/** The context of a real command line. */
export function openReadContext(io: CommandIo): ReadContext {
  const readText = (path: string) => {
    // A dynamic import of a built-in module starts the ESM loader: 4 ms for every run.
    const { readFileSync, statSync } = process.getBuiltinModule('node:fs')
    const file = process.getBuiltinModule('node:path').resolve(io.cwd, path)
    try {
      if (statSync(file).size <= maximumBytes)
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file))
    } catch (cause) {
      const hint = 'Name a file of text that you may read; a relative path starts where you are'
      throw new OperationError('INVALID_ARGUMENT', 'read text file', { path }, { cause, hint })
    }
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read text file',
      { path, maximumBytes },
      { hint: 'It is too large for a list of variables or labels: is it the right file?' },
    )
  }
  return { io, readText }
}
