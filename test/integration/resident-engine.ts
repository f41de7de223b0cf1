import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { type CommandBench, startCommand } from './command-line.ts'

/** An engine in a process of its own that serves the commands of one state root. */
export interface RunningEngine {
  readonly process: ChildProcess
  readonly pid: number
}

/** Start an engine and wait until it listens; it is ended with the test. */
export async function startEngine(
  t: Test,
  { root, leaveEngine }: Pick<CommandBench, 'root'> & Partial<CommandBench>,
  ...flags: string[]
): Promise<RunningEngine> {
  await leaveEngine?.()
  const process = startCommand(['serve', ...flags], { root })
  const closed = once(process, 'close')
  t.teardown(async () => {
    if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM')
    await closed
  })
  let text = ''
  await new Promise<void>((resolve, reject) => {
    process.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('engine ready')) resolve()
    })
    process.once('exit', () => reject(new Error(`the engine did not start: ${text}`)))
  })
  return { process, pid: process.pid ?? 0 }
}
