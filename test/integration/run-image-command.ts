import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const command = join(import.meta.dirname, '../../bin/myimage')

/** Start `myimage`; the test goes on beside it, e.g. serving what it asks for. */
export function startImageCommand(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(command, parameters, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    stdout: stdout.trim(),
    stderr: stderr.trim(),
  }))
  return { child, ended }
}

export function runImageCommand(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = '',
): Promise<Ended> {
  return startImageCommand(parameters, environment, input).ended
}
