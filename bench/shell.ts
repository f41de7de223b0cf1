import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * One shell that runs command after command. Forking Node itself would add milliseconds of its own to
 * every command measured; a small shell is what a user starts commands from.
 */
export interface Shell {
  /**
   * Run a script to its end, output thrown away.
   *
   * @returns milliseconds it took
   * @throws {Error} where its exit code is not 0, with what it wrote to standard error
   */
  time(script: string): Promise<number>
  /** Run a script and give what it wrote to standard output. */
  read(script: string): Promise<string>
  close(): void
}

export function openShell(env: Readonly<Record<string, string>>): Shell {
  const child = spawn('sh', [], { env: { ...process.env, ...env } })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const run = async (script: string, output: string): Promise<string[]> => {
    errors = ''
    child.stdin.write(
      `{ ${script}\n} </dev/null ${output}; code=$?; echo; echo "end of command $code"\n`,
    )
    return readAnswer(answers, script, () => errors)
  }
  return {
    async time(script) {
      const before = performance.now()
      await run(script, '>/dev/null')
      return performance.now() - before
    },
    read: async (script) => (await run(script, '')).join('\n').trim(),
    close: () => endShell(child),
  }
}

async function readAnswer(
  answers: AsyncIterator<string>,
  script: string,
  errors: () => string,
): Promise<string[]> {
  const lines: string[] = []
  for (;;) {
    const { value, done } = await answers.next()
    if (done) throw new Error(`the shell ended during: ${script}`)
    const code = /^end of command (\d+)$/.exec(value)?.[1]
    if (code === '0') return lines
    if (code !== undefined) {
      // What the command wrote may arrive after the line that tells its end.
      await new Promise((resolve) => setImmediate(resolve))
      throw new Error(`exit code ${code}: ${script}\n${errors().trim()}`)
    }
    lines.push(value)
  }
}

function endShell(child: ChildProcessWithoutNullStreams): void {
  child.stdin.end()
  child.unref()
}

/** For programs whose arguments hold no quotes: everything that is run here. */
export function quote(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}
