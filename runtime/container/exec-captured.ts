import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { startExec } from './exec.ts'
import { canBeTold, runTold } from './exec-told.ts'
import { connectMonitor } from './monitor-connection.ts'
import type { ContainerRecord } from './record.ts'
import type { EndOutcome } from './zygote.ts'

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
  const chunks: Buffer[] = []
  let size = 0
  const onOutput = (_stream: string, data: Buffer): void => {
    if (size < limit) chunks.push(Buffer.from(data))
    size += data.length
  }
  const result = ({ exitCode }: EndOutcome): Capture => ({
    exitCode,
    output: Buffer.concat(chunks).subarray(0, limit).toString('utf8'),
  })
  const wish = { command, env: [], privileged: false, timeoutMs }
  if (canBeTold(context)) return result(await runTold(context, record, wish, onOutput))
  const started = await startExec(context, record, {
    ...wish,
    interactive: false,
    tty: false,
    preserveFds: 0,
    stdio: { kind: 'pipes', stdin: false },
    hold: true,
  })
  const connection = await connectMonitor(
    started.stateFolder,
    { stdin: false, stdout: true, stderr: true },
    { onOutput },
  )
  const outcome = await (connection?.ended ?? started.ended)
  connection?.close()
  if (outcome) return result(outcome)
  const { OperationError } = await import('../../native/error.ts')
  throw new OperationError('PROTOCOL', 'wait for a program in a container', {
    container: record.name,
    folder: containerFolder(context.folders, record.id).executions,
  })
}
