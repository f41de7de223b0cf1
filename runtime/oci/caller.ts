import { readSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { ProgramLauncher } from '../container/zygote.ts'
import { encodeFrame, engineFrame } from '../resident-engine/frames.ts'

/** Where a foreground command shows the terminal of its program. */
export interface CallerConsole {
  /** Of the caller's process. */
  readonly descriptor: number
  /** 0: unknown. */
  readonly rows: number
  readonly columns: number
}

/** Who called the command, and how to answer: by way of the launcher that waits for it (native/shim/oci-client.c). */
export interface Caller {
  /** Process that has the caller's descriptors: those of the container are taken from it. */
  readonly pid: number
  /** Its descriptor for the terminal of a foreground command. */
  readonly console: CallerConsole | undefined
  /** What carries out programs. */
  openZygote(): Promise<ProgramLauncher>
  /** End with this code. All must be written and done. */
  end(exitCode: number): never
  /**
   * Have the launcher wait for a process and end as it does.
   *
   * @param deleted container to delete after that
   * @throws {OperationError} `UNSUPPORTED` without a launcher
   */
  wait(pid: number, hasTerminal: boolean, deleted?: string): never
}

/** The caller of this process. What the launcher has told it goes out of the environment. */
export function readCaller(env: NodeJS.ProcessEnv): Caller {
  const stream = takeNumber(env, 'MYCONTAINER_LAUNCHER')
  const console = takeConsole(env)
  return {
    pid: stream === undefined ? process.pid : process.ppid,
    console,
    async openZygote() {
      const { takeInheritedZygote } = await import('../container/inherited-zygote.ts')
      const inherited = takeInheritedZygote(env, true)
      if (inherited) return inherited
      const { Zygote } = await import('../container/zygote.ts')
      return new Zygote()
    },
    end(exitCode) {
      if (stream === undefined) process.exit(exitCode)
      const code = Buffer.alloc(4)
      code.writeInt32LE(exitCode)
      return tell(stream, engineFrame.done, code)
    },
    wait(pid, hasTerminal, deleted = '') {
      if (stream === undefined)
        throw new OperationError(
          'UNSUPPORTED',
          'stay with the process',
          { pid },
          { hint: 'Start the command by bin/mycontainer-oci, or with --detach' },
        )
      const wish = Buffer.alloc(8)
      wish.writeUInt32LE(pid, 0)
      wish.writeUInt32LE(hasTerminal ? 1 : 0, 4)
      return tell(stream, engineFrame.waitChild, Buffer.concat([wish, Buffer.from(`${deleted}\0`)]))
    },
  }
}

function takeConsole(env: NodeJS.ProcessEnv): CallerConsole | undefined {
  const text = env['MYCONTAINER_CONSOLE']
  delete env['MYCONTAINER_CONSOLE']
  const [, descriptor, rows = 0, columns = 0] = /^(\d+)(?::(\d+):(\d+))?$/.exec(text ?? '') ?? []
  if (descriptor === undefined) return undefined
  return { descriptor: Number(descriptor), rows: Number(rows), columns: Number(columns) }
}

function takeNumber(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name]
  delete env[name]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The launcher ends this process: what it would do on its way out takes milliseconds. */
function tell(stream: number, type: number, payload: Buffer): never {
  const bytes = encodeFrame(type, payload)
  for (let at = 0; at < bytes.length;) at += writeSync(stream, bytes, at)
  readSync(stream, Buffer.alloc(1))
  process.exit()
}
