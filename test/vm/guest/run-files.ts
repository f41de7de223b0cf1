// Runs inside a guest: the test files given as arguments, two at a time, each with a line before and after it for the
// host to cut the output by.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const FILE_TIMEOUT_MS = 400_000
const AT_ONCE = 2

const files = process.argv.slice(2)

async function runNext(): Promise<void> {
  for (let file = files.shift(); file !== undefined; file = files.shift()) await runFile(file)
}

/** By which V8 ends a process whose compiler met something impossible, as it does under emulation once in a while. */
const crashes = new Set(['SIGTRAP', 'SIGSEGV', 'SIGILL'])

async function runFile(file: string): Promise<void> {
  const first = await runOnce(file)
  // Only what crashed before its first test: what a test brings about is a failure.
  const isCrash = crashes.has(first.ending) && !/^ *(?:not )?ok /m.test(first.output)
  if (isCrash) process.stdout.write(`\n@again ${file} ${first.ending}\n${first.output}\n`)
  const { output, ending, seconds } = isCrash ? await runOnce(file) : first
  // In one piece: another file may end at the same time.
  process.stdout.write(`\n@begin ${file}\n${output}\n@end ${file} ${ending} ${seconds}\n`)
}

interface Run {
  readonly output: string
  /** Exit code or signal. */
  readonly ending: string
  readonly seconds: string
}

async function runOnce(file: string): Promise<Run> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: FILE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      TAP_TIMEOUT: String(FILE_TIMEOUT_MS / 1_000 - 10),
      // Emulated Node takes seconds to start: commands go to an engine, and deadlines are further away.
      MYCONTAINER_TEST_ENGINE: '1',
      MYCONTAINER_TEST_PATIENCE: '8',
    },
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk))
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  return { output: Buffer.concat(output).toString(), ending: String(signal ?? status), seconds }
}

await Promise.all(Array.from({ length: AT_ONCE }, runNext))
