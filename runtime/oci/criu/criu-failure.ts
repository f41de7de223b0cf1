import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { CriuRun } from './run-criu.ts'

/** As much of its log as a message has room for. */
const shownLines = 3

/** What it could not do, by the last words of its log. */
export function criuFailure({ verb, workPath }: CriuRun, problem: string): OperationError {
  const path = join(workPath, `${verb}.log`)
  const log = readLog(path)
  const said = errorsOf(log) ?? problem
  return new OperationError(
    'SYSCALL_FAILED',
    `criu ${verb} failed: ${said}`,
    { log: path },
    { hint: hintFor(said, log) },
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
    '.img: Permission denied',
    'The root of its user namespace must be able to enter the folder of the checkpoint: give it to that user, with mode 0710',
  ],
  ['Unexpected EOF', 'A file of the checkpoint is cut off: take the checkpoint again'],
  ['--tcp-established', 'It has open connections: give --tcp-established, or --tcp-close'],
  [
    'Unix socket',
    'It has a socket to the outside: give its streams pipes or files instead; --ext-unix-sk lets others go unanswered',
  ],
  [
    'has bad size',
    'Files that it had open have changed: bring back their content. For streams give it the same file, or have them opened to append',
  ],
  ['Illegal seek', 'Streams that were files have to be files again, not pipes'],
  ['file locks', 'It holds locks on files: give --file-locks'],
  ['shell-job', 'It has the terminal of a shell: give --shell-job'],
  [
    'Tracking memory',
    'This kernel does not track written memory (CONFIG_MEM_SOFT_DIRTY): take whole checkpoints',
  ],
]

/** What it says first where it lacks CAP_SYS_RESOURCE; it goes on as far as it comes. */
const limited = "rlimit: Can't setup"

function hintFor(said: string, log: string): string {
  const [, hint] = hints.find(([word]) => said.includes(word)) ?? []
  if (hint !== undefined) return hint
  return said.includes('Dump core') && log.includes(limited)
    ? 'CRIU has no CAP_SYS_RESOURCE here, and cannot read the limits of other users’ processes without'
    : 'Run "criu check" to see what this kernel lacks'
}

/** Among its errors is what it has tried of the kernel. */
const harmless = [
  'cgroupd: recv req error',
  'Restoring FAILED',
  'Dumping FAILED',
  limited,
  'tun: Unable to create tun',
  'ddress already assigned',
]

/** The first of its lines about errors, without the times in front of them. */
function errorsOf(log: string): string | undefined {
  const lines = log
    .split('\n')
    .filter((line) => line.includes('Error') && !harmless.some((text) => line.includes(text)))
    .map((line) => line.replace(/^\([\d.]+\)\s*/, '').trim())
  return lines.length === 0 ? undefined : lines.slice(0, shownLines).join('; ')
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It did not come so far.
  }
}
