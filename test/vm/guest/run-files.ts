// Runs inside a guest: the test files given as arguments, two at a time, each with a line before and after it for the
// host to cut the output by.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const FILE_TIMEOUT_MS = 400_000
const AT_ONCE = 2

const files = process.argv.slice(2)

interface Run {
  readonly file: string
  readonly output: string
  /** Exit code or signal. */
  readonly ending: string
  readonly seconds: string
}

/**
 * Files that failed, for a second run.
 *
 * Emulated, V8 ends a process now and then in the middle of what it does (SIGTRAP, SIGSEGV, SIGILL), be it the test's or
 * one of a command that the test runs; and a deadline may pass while the emulator does something else. What fails twice,
 * the second time alone, is a failure. The same files run on the host, where nothing runs twice.
 */
const failed: Run[] = []

function print(word: string, { file, output, ending, seconds }: Run): void {
  // In one piece: another file may end at the same time.
  process.stdout.write(`\n@${word} ${file}\n${output}\n@end ${file} ${ending} ${seconds}\n`)
}

async function runNext(): Promise<void> {
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    const run = await runOnce(file)
    if (run.ending === '0') print('begin', run)
    else failed.push(run)
  }
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
  return {
    file,
    output: Buffer.concat(output).toString(),
    ending: String(signal ?? status),
    seconds,
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, runNext))
for (const first of failed) {
  print('again', first)
  print('begin', await runOnce(first.file))
}
