import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A registry in a process of its own. */
export interface RegistryProcess {
  /** "http://127.0.0.1:41234" */
  readonly url: string
  /** "127.0.0.1:41234" */
  readonly host: string
  readonly port: number
  readonly pid: number
  readonly process: ChildProcess
  /** What it wrote to standard output so far: the access log. */
  readonly log: () => string
  /** What it wrote to standard error so far. */
  readonly errors: () => string
  /** Send a signal and wait for the end. @returns the exit code, or the signal that ended it */
  end(signal?: NodeJS.Signals): Promise<number | string>
}

const entry = join(import.meta.dirname, '../../runtime/myimage/main.ts')

/** An empty folder that goes with the test. */
export function testFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/**
 * Start `myimage serve` on a free port and wait until it listens; it ends with the test.
 *
 * @param root state root
 */
export async function startRegistry(
  t: Test,
  root: string,
  flags: readonly string[] = [],
): Promise<RegistryProcess> {
  const address = flags.includes('--addr') ? [] : ['--addr', '127.0.0.1:0']
  const child = spawn(process.execPath, [entry, '--root', root, 'serve', ...address, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  let [log, errors] = ['', '']
  child.stdout.on('data', (piece: Buffer) => (log += piece.toString()))
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await closed
    return child.exitCode ?? child.signalCode ?? 'unknown'
  }
  t.teardown(() => end('SIGKILL'))
  const listening = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.stderr.on('data', (piece: Buffer) => {
      errors += piece.toString()
      const match = /serving (https?):\/\/(\S+):(\d+)/.exec(errors)
      if (match) resolve(match)
    })
    child.once('close', () => reject(new Error(`the registry did not start: ${errors}`)))
  })
  const [, scheme = '', host = '', port = ''] = listening
  return {
    url: `${scheme}://${host}:${port}`,
    host: `${host}:${port}`,
    port: Number(port),
    pid: child.pid ?? 0,
    process: child,
    log: () => log,
    errors: () => errors,
    end,
  }
}
