import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'

export interface CriuRun {
  /** Path of criu, or its name. */
  readonly program: string
  /** `dump`, `pre-dump` or `restore`, and its options. */
  readonly words: readonly string[]
  /** Folder of its log, which is named after the verb. */
  readonly workPath: string
  readonly env: NodeJS.ProcessEnv
}

/** As much of its log as a message has room for. */
const shownLines = 3

/**
 * Have CRIU do something to a container.
 *
 * @throws {OperationError} `UNSUPPORTED` where it is not installed; `SYSCALL_FAILED` with the last words of its log
 */
export function runCriu({ program, words, workPath, env }: CriuRun): void {
  const [verb = ''] = words
  const log = `${verb}.log`
  const all = [...words, '--work-dir', workPath, '--log-file', log, '-v4']
  const done = spawnSync(program, all, { stdio: ['ignore', 'ignore', 'pipe'], env })
  if (done.error && 'code' in done.error && done.error.code === 'ENOENT')
    throw new OperationError(
      'UNSUPPORTED',
      `${verb} a container: CRIU is not installed`,
      { program },
      { hint: 'Install criu (https://criu.org), 3.15 or newer, and try again' },
    )
  if (done.status === 0) return
  const path = join(workPath, log)
  const problem =
    done.error?.message ?? (done.signal === null ? `exit code ${done.status}` : done.signal)
  const said = lastErrors(path) ?? (done.stderr.toString().trim() || problem)
  throw new OperationError(
    'SYSCALL_FAILED',
    `criu ${verb} failed: ${said}`,
    { log: path },
    { hint: hintFor(said) },
  )
}

/** It knows the layout of the vDSO of each kernel, and starts on no newer one. */
function hintFor(said: string): string {
  return said.includes('vdso')
    ? 'This kernel is newer than this CRIU knows ("criu --version"): install a newer one, or take a longterm kernel'
    : 'Run "criu check" to see what this kernel lacks'
}

/** Its lines about errors, without the times in front of them. */
function lastErrors(path: string): string | undefined {
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.includes('Error'))
      .map((line) => line.replace(/^\([\d.]+\)\s*/, '').trim())
    return lines.length === 0 ? undefined : lines.slice(0, shownLines).join('; ')
  } catch {
    return undefined // It did not come so far.
  }
}
