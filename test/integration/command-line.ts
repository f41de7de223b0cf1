import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { removeNetworks } from './remove-networks.ts'

/** How many times further away deadlines are: on machines that are emulated. */
const patience = Number(process.env['MYCONTAINER_TEST_PATIENCE'] ?? 1)

/** Of a whole file then. */
const patientTimeoutMs = 600_000

/** Have commands go to a resident engine, where each start of Node costs seconds. */
const usesEngine = process.env['MYCONTAINER_TEST_ENGINE'] === '1'

/** The command as a user has it in PATH. */
export const commandPath = join(import.meta.dirname, '../../bin/mycontainer')

export interface CommandOptions {
  /** State root of the command: MYCONTAINER_ROOT. */
  readonly root: string
  /** What its standard input gives; absent: an input that is at its end. */
  readonly input?: string | Buffer | undefined
  /** The command is killed then, and the test fails with TIMEOUT; 30 000 when absent. */
  readonly timeoutMs?: number | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

export interface CommandResult {
  /** As a shell gives it: 128 + n for a command that signal n ended. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Run the command line to its end. Never throws for an exit code: that is part of the answer. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return collect(startCommand(args, options), args, options)
}

/** The same, not waited for: for followers and commands that the test ends itself. */
export function startCommand(
  args: readonly string[],
  { root, env, cwd }: Omit<CommandOptions, 'input' | 'timeoutMs'>,
): ChildProcessWithoutNullStreams {
  return spawn(commandPath, args, {
    env: { ...process.env, MYCONTAINER_ROOT: root, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: 'pipe',
  })
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
}

async function collect(
  child: ChildProcessWithoutNullStreams,
  args: readonly string[],
  { input, timeoutMs = 30_000 }: CommandOptions,
): Promise<CommandResult> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A command need not read its input to the end.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const end = Promise.withResolvers<number>()
  child.on('error', end.reject)
  child.on('close', (code, signal) => end.resolve(code ?? 128 + (signalNumbers[signal ?? ''] ?? 0)))
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
    // What the command started may hold the pipes open.
    child.stdout.destroy()
    child.stderr.destroy()
  }, timeoutMs * patience)
  const exitCode = await end.promise
  clearTimeout(timer)
  const text = {
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }
  if (isLate)
    throw new Error(
      `TIMEOUT after ${timeoutMs} ms: mycontainer ${args.join(' ')}\n${text.stdout}\n${text.stderr}`,
    )
  return { exitCode, ...text }
}

/** A state root of one test with the command line on it. */
export interface CommandBench {
  readonly root: string
  /** A folder for the test's own files; removed with everything else. */
  readonly folder: string
  /** Run a command to its end, whatever its exit code. */
  readonly run: (...args: string[]) => Promise<CommandResult>
  /** Run one that must succeed; its standard output without the last newline. */
  readonly ok: (...args: string[]) => Promise<string>
  /** One field of `inspect`, as JSON gives it. */
  readonly inspect: (container: string, template: string) => Promise<unknown>
  /** For tests that start an engine themselves: none of ours serves the root from here on. */
  readonly leaveEngine: () => Promise<void>
  /** Wait until `inspect` gives this for the template. */
  readonly waitFor: (container: string, template: string, wanted: unknown) => Promise<void>
}

/**
 * A new state root. When the test ends, whichever way: its containers are removed with force, its
 * network with the bridge and firewall table, and its files.
 */
export function commandBench(t: Test): CommandBench {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-test-'))
  const root = join(folder, 'root')
  const run = async (...args: string[]): Promise<CommandResult> => {
    // Here, for files set their own limit after they have made the bench.
    if (patience > 1) t.setTimeout(patientTimeoutMs)
    if (usesEngine && !isLeft) await (engine ??= startQuietEngine(root))
    return runCommand(args, { root })
  }
  let engine: ReturnType<typeof startQuietEngine> | undefined
  let isLeft = false
  const leaveEngine = async (): Promise<void> => {
    isLeft = true
    await (await engine)?.end()
  }
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(...args)
    if (exitCode !== 0)
      throw new Error(`exit code ${exitCode}: mycontainer ${args.join(' ')}\n${stderr}`)
    return stdout.replace(/\n$/u, '')
  }
  const inspect = async (container: string, template: string): Promise<unknown> =>
    JSON.parse(await ok('inspect', '--format', `{{json ${template}}}`, container))
  t.teardown(async () => {
    const ids = (await run('ps', '-aq')).stdout.split('\n').filter(Boolean)
    if (ids.length > 0) await run('rm', '-f', '-v', '-t', '0', ...ids)
    removeNetworks(root)
    await leaveEngine()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    root,
    folder,
    run,
    ok,
    inspect,
    leaveEngine,
    async waitFor(container, template, wanted) {
      const text = JSON.stringify(wanted)
      await waitUntil(
        `${container} ${template} is ${text}`,
        async () => JSON.stringify(await inspect(container, template)) === text,
      )
    },
  }
}

async function startQuietEngine(root: string): Promise<{ end(): Promise<unknown> }> {
  const child = startCommand(['serve'], { root })
  const closed = once(child, 'close')
  child.stdin.end()
  child.stdout.resume()
  await new Promise<void>((resolve, reject) => {
    let text = ''
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('engine ready')) resolve()
    })
    child.once('exit', () => reject(new Error(`the engine did not start: ${text}`)))
  })
  return {
    end() {
      child.kill('SIGTERM')
      return closed
    },
  }
}

/** Ask again and again until a condition holds. @throws where it does not within `timeoutMs` */
export async function waitUntil(
  title: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs * patience
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${title}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
