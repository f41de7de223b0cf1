import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { distFolder, shimPath } from '../../native/paths.ts'
import { writeFileDurably } from '../../runtime/container/durable-file.ts'
import { isProcessAlive, readStartTicks } from '../../runtime/container/process-identity.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { ClusterFolder } from './cluster-folder.ts'

// The processes of a local cluster live on when the command that started them ends; a file each names them.

interface ProcessFile {
  readonly pid: number
  readonly startTicks: number
}

/** @returns its pid, undefined where it does not run */
export function findProcess(folder: ClusterFolder, name: string): number | undefined {
  try {
    const text = readFileSync(join(folder.processes, name), 'utf8')
    const { pid, startTicks } = JSON.parse(text) as ProcessFile
    return isProcessAlive(pid, startTicks) ? pid : undefined
  } catch {
    return undefined
  }
}

/** What a process of a cluster is: one of the project's own commands. */
export interface ProcessPlace {
  /** File of the network namespace to start it in; absent: this one. */
  readonly namespace?: string | undefined
  /** Absent: `myorch`. */
  readonly bundle?: 'myorch' | 'myimage' | undefined
}

/**
 * Start `myorch ARGS…` in the background, unless it runs already.
 */
export function startProcess(
  folder: ClusterFolder,
  name: string,
  args: readonly string[],
  { namespace, bundle = 'myorch' }: ProcessPlace = {},
): void {
  if (findProcess(folder, name) !== undefined) return
  mkdirSync(folder.processes, { recursive: true, mode: 0o700 })
  mkdirSync(folder.logs, { recursive: true, mode: 0o755 })
  const log = openSync(join(folder.logs, `${name}.log`), 'a', 0o640)
  const command = [process.execPath, join(distFolder, `${bundle}.cjs`), ...args]
  const [program = '', ...rest] =
    namespace === undefined ? command : [shimPath, 'enter', namespace, ...command]
  try {
    // Of its own session: it outlives the terminal. The engine of the command line is not its own.
    const env = { ...process.env, MYCONTAINER_NO_ENGINE: '1' }
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env,
    })
    child.on('error', () => undefined)
    child.unref()
    const { pid } = child
    const startTicks = pid === undefined ? undefined : readStartTicks(pid)
    if (pid === undefined || startTicks === undefined)
      throw new OperationError('START_FAILED', `start ${name}`, { program }, { exitCode: 1 })
    // In one step: whoever reads half of it takes the process for ended, and starts another one.
    writeFileDurably(join(folder.processes, name), JSON.stringify({ pid, startTicks }), false)
  } finally {
    closeSync(log)
  }
}

const pollMs = 20

/**
 * End a process and wait for it.
 *
 * @param patienceMs how long it may take by itself; zero kills it at once
 */
export async function endProcess(
  folder: ClusterFolder,
  name: string,
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  let signal: NodeJS.Signals | undefined = patienceMs > 0 ? 'SIGTERM' : 'SIGKILL'
  for (;;) {
    const pid = findProcess(folder, name)
    if (pid === undefined) break
    if (signal) kill(pid, signal)
    signal = performance.now() > deadline ? 'SIGKILL' : undefined
    // Nobody tells us of the end of a process that is not our child.
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  rmSync(join(folder.processes, name), { force: true })
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}

/** The last lines of its log, for whoever has to say why it did not start. */
export function lastLines(folder: ClusterFolder, name: string, count = 5): string {
  try {
    const text = readFileSync(join(folder.logs, `${name}.log`), 'utf8').trimEnd()
    return text.split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}
