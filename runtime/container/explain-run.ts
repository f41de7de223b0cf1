import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { RunResult } from '../cli/engine.ts'
import type { EngineContext } from './engine-context.ts'
import type { ContainerOptions } from './options.ts'

/** `run --explain`. */
export async function explainRun(
  _context: EngineContext,
  _options: ContainerOptions,
  _io: CommandIo,
): Promise<RunResult> {
  throw new OperationError('UNSUPPORTED', 'explain a run')
}
