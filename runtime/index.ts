// The TypeScript API: containers as a library, with no daemon. The command line is a thin layer
// over the same engine.

export {
  type ApiProcess,
  type CollectedResult,
  type OutputChunk,
  type WaitResult,
} from './api/attached-process.ts'
export { type ApiContainer, type ExecApiOptions, type TerminalSize } from './api/container.ts'
export { type RunOptions } from './api/run-options.ts'
export { type Runtime, type RuntimeOptions, openRuntime, run } from './api/runtime.ts'
export type { ContainerState } from './container/state.ts'
export type { ContainerOptions } from './container/options.ts'
export type { Engine } from './cli/engine.ts'
export { OperationError, type ErrorCode, hasCode, describeError } from '../native/error.ts'
