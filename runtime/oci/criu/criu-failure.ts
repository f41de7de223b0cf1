import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { CriuRun } from './run-criu.ts'

/** As much of its log as a message has room for. */
const shownLines = 3

/** What it could not do, by the last words of its log. */
export function criuFailure({ verb, workPath }: CriuRun, problem: string): OperationError {
  const path = join(workPath, `${verb}.log`)
  const said = lastErrors(path) ?? problem
  return new OperationError(
    'SYSCALL_FAILED',
    `criu ${verb} failed: ${said}`,
    { log: path },
    { hint: hintFor(said) },
  )
}

export function criuMissing({ verb, program }: CriuRun, problem: string): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    `${verb} a container: CRIU is not installed, or cannot be started (${problem})`,
    { program },
    { hint: 'Install criu (https://criu.org), 3.17 or newer, and try again' },
  )
}

const hints: readonly (readonly [string, string])[] = [
  [
    'vdso',
    // It knows the layout of the vDSO of each kernel, and starts on no newer one.
    'This kernel is newer than this CRIU knows ("criu --version"): install a newer one, or take a longterm kernel',
  ],
  [
    'inventory.img',
    'There is no checkpoint in that folder: give the one of "checkpoint" (--image-path)',
  ],
  ['--tcp-established', 'It has open connections: give --tcp-established, or --tcp-close'],
  ['file locks', 'It holds locks on files: give --file-locks'],
  ['shell-job', 'It has the terminal of a shell: give --shell-job'],
  [
    'Dirty tracking',
    'This kernel does not track written memory (CONFIG_MEM_SOFT_DIRTY): take whole checkpoints',
  ],
]

function hintFor(said: string): string {
  const [, hint] = hints.find(([word]) => said.includes(word)) ?? []
  return hint ?? 'Run "criu check" to see what this kernel lacks'
}

/** It complains of limits that it cannot raise, and goes on. */
const harmless = /rlimit: Can't setup/

/** Its lines about errors, without the times in front of them. */
function lastErrors(path: string): string | undefined {
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.includes('Error') && !harmless.test(line))
      .map((line) => line.replace(/^\([\d.]+\)\s*/, '').trim())
    return lines.length === 0 ? undefined : lines.slice(0, shownLines).join('; ')
  } catch {
    return undefined // It did not come so far.
  }
}
