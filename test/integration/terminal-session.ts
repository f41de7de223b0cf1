import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { commandPath } from './command-line.ts'

/** The command line on a terminal of its own, with somebody at the keyboard. */
export interface TerminalSession {
  /** Everything shown until now, carriage returns taken out. */
  readonly screen: () => string
  readonly type: (text: string) => void
  /** Wait until a pattern is shown that was not looked for before; its match. */
  readonly expect: (pattern: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>
  /** Change the size of the terminal, as a window manager does. */
  readonly resize: (rows: number, columns: number) => void
  /** Exit code of the command. */
  readonly ended: Promise<number>
  readonly kill: () => void
}

export interface TerminalOptions {
  readonly root: string
  readonly rows?: number
  readonly columns?: number
}

/** Run `mycontainer` with these arguments on a new pseudo-terminal, pty(7), made by script(1). */
export function openTerminal(
  args: readonly string[],
  { root, rows = 24, columns = 80 }: TerminalOptions,
): TerminalSession {
  const words = [commandPath, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const command = `stty rows ${rows} cols ${columns}; echo "device $(tty)"; exec ${words.join(' ')}`
  const child: ChildProcessWithoutNullStreams = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, MYCONTAINER_ROOT: root, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: 'pipe',
  })
  let shown = ''
  let from = 0
  let wake: (() => void) | undefined
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString().replaceAll('\r', '')
    wake?.()
  })
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      resolve(code ?? -1)
      wake?.()
    })
  })
  return {
    screen: () => shown,
    type: (text) => void child.stdin.write(text),
    async expect(pattern, timeoutMs = 10_000) {
      const deadline = performance.now() + timeoutMs
      for (;;) {
        const match = pattern.exec(shown.slice(from))
        if (match) {
          from += match.index + match[0].length
          return match
        }
        const left = deadline - performance.now()
        if (left <= 0 || child.exitCode !== null)
          throw new Error(`not shown: ${pattern}\n--- since then:\n${shown.slice(from)}`)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    },
    resize(newRows, newColumns) {
      const device = /^device (.*)$/m.exec(shown)?.[1] ?? ''
      execFileSync('stty', ['-F', device, 'rows', String(newRows), 'cols', String(newColumns)])
    },
    ended,
    kill: () => void child.kill('SIGKILL'),
  }
}
