import { OperationError } from '../../native/error.ts'
import type { EngineContext } from './engine-context.ts'
import { type ExecStart, execFailure, planExec } from './exec.ts'
import { execProgram } from './exec-program.ts'
import { publishExecStart } from './events.ts'
import type { ContainerRecord } from './record.ts'
import type { EndOutcome, ProgramWatch } from './zygote.ts'

export type ToldExec = Omit<
  ExecStart,
  'stdio' | 'hold' | 'tell' | 'interactive' | 'tty' | 'preserveFds'
>

/** Whether the shim can tell this process what another one writes. */
export function canBeTold({ zygote }: EngineContext): boolean {
  return zygote.hearsOutput
}

/**
 * Run a program without input in a running container to its end. No file is made for it and nobody else can attach: what it
 * writes comes with the records of the shim.
 *
 * @throws {OperationError} as `startExec`; `PROTOCOL` where its monitor was killed
 */
export async function runTold(
  context: EngineContext,
  record: ContainerRecord,
  wish: ToldExec,
  onOutput: NonNullable<ProgramWatch['onOutput']>,
): Promise<EndOutcome> {
  const input = await planExec(context, record, {
    ...wish,
    stdio: { kind: 'pipes', stdin: false },
    hold: false,
    tell: true,
    interactive: false,
    tty: false,
    preserveFds: 0,
  })
  // Before it, so that it cannot be told of its end first.
  publishExecStart(context.folders, record, input.id, wish.command)
  const run = context.zygote.submit(execProgram(input), { onOutput })
  const outcome = await run.started
  // Told by the zygote: the monitor was killed, before its program ran or after.
  const isUnseen = outcome.kind === 'died' && outcome.pc === 0
  if (outcome.kind !== 'running' && !isUnseen) throw await execFailure(record, input, outcome)
  const end = await run.ended
  if (end) return end
  throw new OperationError(
    'PROTOCOL',
    'wait for the end of a program in a container',
    { container: record.name },
    { hint: 'Its monitor was killed: nobody saw how it ended' },
  )
}
