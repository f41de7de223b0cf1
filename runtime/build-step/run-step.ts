import { OperationError } from '../../native/error.ts'
import type { RunRequest, RunResult } from '../../rootfs/build-steps/run-request.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { connectMonitor } from '../container/monitor-connection.ts'
import { containerFolder } from '../container/container-folder.ts'
import { startContainer } from '../container/start.ts'
import type { EndOutcome } from '../container/zygote.ts'
import { makeStepContainer } from './make-step-container.ts'
import { planStubs } from './mount-stubs.ts'
import { type PreparedMounts, prepareStepMounts } from './step-mounts.ts'

const SIGKILL = 9

/**
 * Carry a RUN out: see `RunStep`. The container is one like any other while it lasts (`mycontainer
 * ps`, `top`, `exec` know it), and is removed at its end, whatever becomes of this process.
 */
export async function runStep(context: EngineContext, request: RunRequest): Promise<RunResult> {
  request.signal?.throwIfAborted()
  const mounts = await prepareStepMounts(context, request)
  try {
    const destinations = mounts.mounts.map(({ spec }) => spec.destination)
    const stubs = planStubs(request.step.layersBelow, destinations)
    const outcome = await runContainer(context, request, mounts)
    stubs.remove(request.step.upper)
    return { exitCode: outcome.exitCode, oomKilled: outcome.oomKills > 0 }
  } finally {
    mounts.release()
  }
}

async function runContainer(
  context: EngineContext,
  request: RunRequest,
  mounts: PreparedMounts,
): Promise<EndOutcome> {
  const made = makeStepContainer(context, request, mounts)
  try {
    const started = await startContainer(context, made.record, { hold: true })
    const connection = await connectMonitor(
      containerFolder(context.folders, made.record.id).state,
      { stdin: request.input !== undefined, stdout: true, stderr: true },
      { onOutput: (stream, data) => request.onOutput(stream, Buffer.from(data)) },
    )
    const kill = (): void => connection?.signal(SIGKILL)
    request.signal?.addEventListener('abort', kill)
    if (request.signal?.aborted) kill()
    try {
      if (request.input !== undefined) void sendInput(connection, request.input)
      const outcome = (await connection?.ended) ?? (await started.ended)
      request.signal?.throwIfAborted()
      if (outcome) return outcome
      throw new OperationError(
        'PROTOCOL',
        'wait for a command of the build',
        {},
        { hint: 'Its monitor was killed: nobody saw how it ended' },
      )
    } finally {
      request.signal?.removeEventListener('abort', kill)
      connection?.close()
    }
  } finally {
    await made.remove()
  }
}

async function sendInput(
  connection: Awaited<ReturnType<typeof connectMonitor>>,
  input: string,
): Promise<void> {
  await connection?.write(Buffer.from(input))
  connection?.endInput()
}
