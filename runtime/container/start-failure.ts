import { OperationError } from '../../native/error.ts'
import { errnoName } from '../../native/errno.ts'
import type { Program } from '../program/program.ts'
import type { Process } from '../spec/config.ts'
import type { EngineContext } from './engine-context.ts'
import type { PreparedStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'
import type { StartOutcome } from './zygote.ts'

type Failure = Exclude<StartOutcome, { kind: 'running' }>

/** Why a container did not start, with what the user can do about it. */
export function explainStartFailure(
  _context: EngineContext,
  record: ContainerRecord,
  prepared: PreparedStart,
  outcome: Failure,
): OperationError {
  return explain(`start the container ${record.name}`, prepared.program, outcome)
}

/** The same for a program that was to be executed in a running container. */
export function explainExecFailure(
  record: ContainerRecord,
  program: Program,
  _process: Process,
  _pid: number,
  outcome: Failure,
): OperationError {
  return explain(`execute a program in the container ${record.name}`, program, outcome)
}

function explain(what: string, program: Program, outcome: Failure): OperationError {
  if (outcome.kind === 'failed') {
    const step = program.steps[outcome.pc]
    return new OperationError('START_FAILED', what, {
      step: outcome.pc,
      call: step?.call ?? step?.op ?? '?',
      errno: errnoName(outcome.errno),
      why: step?.why ?? '',
    })
  }
  return new OperationError('START_FAILED', what, { outcome: JSON.stringify(outcome) })
}
