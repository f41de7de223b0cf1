// The TypeScript API: containers as a library, with no daemon. The command line is a thin layer
// over the same engine.

export { type ApiContainer, type ExecResult, type OutputChunk } from './api/container.ts'
export { type RunOptions } from './api/run-options.ts'
export { type Runtime, type RuntimeOptions, openRuntime, run } from './api/runtime.ts'
export { OperationError, type ErrorCode, hasCode, describeError } from '../native/error.ts'
