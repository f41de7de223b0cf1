import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { CopyOptions } from '../cli/engine.ts'
import type { EngineContext } from './engine-context.ts'

/** `cp`. */
export async function copyFiles(
  _context: EngineContext,
  _options: CopyOptions,
  _io: CommandIo,
): Promise<void> {
  throw new OperationError('UNSUPPORTED', 'copy files')
}
