import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { OperationError } from '../../native/error.ts'
import { packageRoot } from '../../native/paths.ts'
import type { ApiCall } from './api-call.ts'

// Our own commands on the same state, for what takes long or moves much: a process of its own waits for
// a slow client without holding up others, and goes when the client does.

export interface OwnCommand {
  readonly child: ChildProcess
  readonly stdout: Readable
  readonly stderr: Readable
  /** The exit code; null after a signal. */
  readonly ended: Promise<number | null>
}

export interface OwnCommandOptions {
  readonly input?: Readable | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

export function startCommand(
  { context, signal }: Pick<ApiCall, 'context' | 'signal'>,
  program: 'mycontainer' | 'myimage',
  words: readonly string[],
  { input, env = {} }: OwnCommandOptions = {},
): OwnCommand {
  const { root } = context.folders
  const child = spawn(
    join(packageRoot, 'bin', program),
    [...(root === undefined ? [] : ['--root', root]), ...words],
    {
      env: { ...context.env, ...env },
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      cwd: '/',
    },
  )
  const abort = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', abort, { once: true })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', (code) => {
    signal.removeEventListener('abort', abort)
    resolve(code)
  })
  promise.catch(() => undefined)
  const { stdin, stdout, stderr } = child
  if (!stdout || !stderr) throw new OperationError('INTERNAL', `start ${program}`)
  if (input && stdin) {
    // One that ends early is told by its exit code.
    stdin.on('error', () => input.resume())
    input.pipe(stdin)
  }
  return { child, stdout, stderr, ended: promise }
}

const keptText = 16 * 1024

/** Its standard output as it comes. @throws {OperationError} with its own message where it fails */
export async function* commandOutput(
  call: Pick<ApiCall, 'context' | 'signal'>,
  program: 'mycontainer' | 'myimage',
  words: readonly string[],
): AsyncGenerator<Uint8Array> {
  const command = startCommand(call, program, words)
  const told = collectText(command.stderr)
  try {
    yield* command.stdout as AsyncIterable<Buffer>
    await requireSuccess(command, await told)
  } finally {
    if (command.child.exitCode === null) command.child.kill('SIGTERM')
  }
}

/** All that a short command prints. @throws {OperationError} with its own message where it fails */
export async function commandText(
  call: Pick<ApiCall, 'context' | 'signal'>,
  program: 'mycontainer' | 'myimage',
  words: readonly string[],
  options: OwnCommandOptions = {},
): Promise<string> {
  const command = startCommand(call, program, words, options)
  const [text, told] = await Promise.all([
    collectText(command.stdout, 16 * keptText),
    collectText(command.stderr),
  ])
  await requireSuccess(command, told)
  return text
}

export async function collectText(from: Readable, limit = keptText): Promise<string> {
  let text = ''
  from.setEncoding('utf8')
  from.on('data', (piece: string) => (text = `${text}${piece}`.slice(-limit)))
  await once(from, 'close')
  return text
}

export async function requireSuccess(
  { ended }: Pick<OwnCommand, 'ended'>,
  told: string,
): Promise<void> {
  if ((await ended) === 0) return
  throw commandError(told)
}

/** What a command of ours said last, without its name. */
export function commandError(told: string): OperationError {
  const line = told.trimEnd().split('\n').at(-1) ?? ''
  const text = line.replace(/^(?:mycontainer|myimage): /, '')
  const isMissing = /not found|no such|not here|NOT_FOUND|does not exist/i.test(text)
  return new OperationError(isMissing ? 'NOT_FOUND' : 'INTERNAL', text || 'the command was ended')
}
