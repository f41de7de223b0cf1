import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { startExec } from './exec.ts'
import { connectMonitor } from './monitor-connection.ts'
import type { ContainerRecord } from './record.ts'

export interface Capture {
  readonly exitCode: number
  /** Standard output and error as they came, at most `limit` bytes of UTF-8. */
  readonly output: string
}

export interface CaptureWish {
  readonly timeoutMs: number
  /** Bytes. */
  readonly limit: number
}

/**
 * Run a program in a container as its own user and collect what it writes.
 *
 * @throws {OperationError} where it cannot be started, or its monitor was killed
 */
export async function execCaptured(
  context: EngineContext,
  record: ContainerRecord,
  command: readonly string[],
  { timeoutMs, limit }: CaptureWish,
): Promise<Capture> {
  const started = await startExec(context, record, {
    command,
    env: [],
    interactive: false,
    tty: false,
    privileged: false,
    preserveFds: 0,
    stdio: { kind: 'pipes', stdin: false },
    hold: true,
    timeoutMs,
  })
  const chunks: Buffer[] = []
  let size = 0
  const connection = await connectMonitor(
    started.stateFolder,
    { stdin: false, stdout: true, stderr: true },
    {
      onOutput(_stream, data) {
        if (size < limit) chunks.push(Buffer.from(data))
        size += data.length
      },
    },
  )
  const outcome = await (connection?.ended ?? started.ended)
  connection?.close()
  const output = Buffer.concat(chunks).subarray(0, limit).toString('utf8')
  if (outcome) return { exitCode: outcome.exitCode, output }
  const { OperationError } = await import('../../native/error.ts')
  throw new OperationError('PROTOCOL', 'wait for a program in a container', {
    container: record.name,
    folder: containerFolder(context.folders, record.id).executions,
  })
}
