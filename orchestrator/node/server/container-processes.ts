import { constants } from 'node:os'
import { OperationError } from '../../../native/error.ts'
import { attachProcess, openStreams } from '../../../runtime/api/attached-process.ts'
import type { ProcessStreams } from '../../../runtime/api/attached-process.ts'
import { containerFolder } from '../../../runtime/container/container-folder.ts'
import type { EngineContext } from '../../../runtime/container/engine-context.ts'
import { execCaptured } from '../../../runtime/container/exec-captured.ts'
import { startExec } from '../../../runtime/container/exec.ts'
import { readState } from '../../../runtime/container/read-state.ts'
import { resolveContainer } from '../../../runtime/container/record-store.ts'
import type { AttachWish, CommandWish, ServedProcess } from './served-pods.ts'

// Programs in the runtime's containers, as the agent's server and its probes want them.

const usualSize = { rows: 24, columns: 80 }

/**
 * Start another program in a container. When its client goes, a program with a terminal hears what it hears when a
 * terminal is closed.
 *
 * @throws {OperationError} `START_FAILED`, `BAD_STATE`
 */
export async function execProcess(
  context: EngineContext,
  id: string,
  { command, stdin, tty }: CommandWish,
): Promise<ServedProcess> {
  const record = resolveContainer(context.folders, id)
  const wanted = { stdin, stdout: true, stderr: true }
  let early: ProcessStreams | undefined
  const started = await startExec(context, record, {
    command,
    env: [],
    interactive: stdin,
    tty,
    privileged: false,
    preserveFds: 0,
    stdio: tty ? { kind: 'terminal', ...usualSize } : { kind: 'pipes', stdin },
    hold: true,
    onPreExec: (stateFolder) => void (early = openStreams(stateFolder, wanted)),
  })
  const streams = early ?? openStreams(started.stateFolder, wanted)
  const process = attachProcess(started, streams)
  const close = (): void =>
    void streams.connecting.then((it) => tty && it?.signal(constants.signals.SIGHUP))
  return { ...process, close }
}

/** Take part in what a container's own program reads and writes from now on. @throws {OperationError} `BAD_STATE` */
export async function attachToContainer(
  context: EngineContext,
  id: string,
  wanted: AttachWish,
): Promise<ServedProcess> {
  const record = resolveContainer(context.folders, id)
  const { pid } = readState(context.folders, record)
  const streams = openStreams(containerFolder(context.folders, record.id).state, wanted)
  const connection = await streams.connecting
  if (!connection)
    throw new OperationError('BAD_STATE', 'attach to a container', { container: record.name })
  const process = attachProcess({ pid, ended: Promise.resolve(undefined) }, streams)
  return { ...process, close: () => connection.close() }
}

/** Of what a probe's program writes. */
const probeOutputLimit = 10 * 1024

/** As `ProbeTarget.exec` wants it. @returns undefined where the time was over */
export async function execForProbe(
  context: EngineContext,
  id: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<{ exitCode: number; output: string } | undefined> {
  const begun = performance.now()
  const record = resolveContainer(context.folders, id)
  const ended = await execCaptured(context, record, command, { timeoutMs, limit: probeOutputLimit })
  // Killed by its monitor, which does not say why.
  const isLate = ended.exitCode === 137 && performance.now() - begun >= timeoutMs
  return isLate ? undefined : ended
}
