import { OperationError } from '../../native/error.ts'
import type { Engine, OpenEngine } from './engine.ts'

/** The engine of this process. */
export const openEngine: OpenEngine = (): Promise<Engine> =>
  Promise.reject(new OperationError('UNSUPPORTED', 'open the engine'))
