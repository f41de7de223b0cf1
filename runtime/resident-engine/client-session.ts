import type { Socket } from 'node:net'
import type { CommandIo } from '../cli/command-io.ts'
import type { Engine } from '../cli/engine.ts'
import { readGlobalFlags } from '../cli/global-flags.ts'
import { runCommandLine } from '../cli/run-command-line.ts'
import { encodeAttach } from '../container/attach-client.ts'
import type { EngineContext } from '../container/engine-context.ts'
import {
  type EngineRequest,
  encodeFrame,
  encodeOutput,
  engineFrame,
  frameReader,
  parseRequest,
} from './frames.ts'

/** Commands that need to be a process of their own: they serve, or run a child with our stdio. */
const declined = new Set(['serve', 'limit', 'internal'])

/** One client: one command. */
export function serveClient(socket: Socket, context: EngineContext, engine: Engine): void {
  const gone = new AbortController()
  const input = inputQueue(socket)
  let isStarted = false
  socket.on('error', () => gone.abort())
  socket.on('close', () => {
    gone.abort()
    input.end()
  })
  const read = frameReader(({ type, payload }) => {
    if (type === engineFrame.request && !isStarted) {
      isStarted = true
      void runRequest(socket, context, engine, parseRequest(payload), input, gone.signal)
    } else if (type === engineFrame.input) input.push(Buffer.from(payload))
    else if (type === engineFrame.inputEnd) input.end()
    else if (type === engineFrame.clientSignal) gone.abort()
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      socket.destroy() // Not a client of ours.
    }
  })
}

async function runRequest(
  socket: Socket,
  context: EngineContext,
  engine: Engine,
  request: EngineRequest,
  input: InputQueue,
  signal: AbortSignal,
): Promise<void> {
  if (!isOurs(context, request)) {
    socket.end(encodeFrame(engineFrame.decline))
    return
  }
  const out = (type: number) => ({
    write(chunk: string | Uint8Array) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      for (const frame of encodeOutput(type, data)) socket.write(frame)
    },
  })
  let isHandedOver = false
  const io: CommandIo = {
    stdout: out(engineFrame.out),
    stderr: out(engineFrame.err),
    stdin: input.chunks,
    env: request.env,
    cwd: request.cwd,
    stdinIsTty: request.stdinIsTty,
    stdoutIsTty: request.stdoutIsTty,
    rows: request.rows || 24,
    columns: request.columns || 80,
    signal,
    attach: async (plan) => {
      isHandedOver = true
      socket.end(encodeFrame(engineFrame.attachTo, encodeAttach(plan)))
      return undefined
    },
  }
  const exitCode = await runCommandLine(request.argv, io, async () => engine)
  if (isHandedOver) return
  const code = Buffer.alloc(4)
  code.writeInt32LE(exitCode)
  socket.end(encodeFrame(engineFrame.done, code))
}

/** Whether the command is for this engine's state, and one that an engine can run. */
function isOurs({ folders }: EngineContext, { argv, env, cwd }: EngineRequest): boolean {
  try {
    const { root, rest } = readGlobalFlags(argv, { env, cwd })
    return root === folders.root && !declined.has(rest[0] ?? '')
  } catch {
    return false // Wrong flags: let the command itself say so.
  }
}

interface InputQueue {
  push(chunk: Buffer): void
  end(): void
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The client's input, asked for when the command first wants it. */
function inputQueue(socket: Socket): InputQueue {
  const waiting: Buffer[] = []
  let isEnded = false
  let wake: (() => void) | undefined
  const notify = (): void => wake?.()
  return {
    push(chunk) {
      waiting.push(chunk)
      notify()
    },
    end() {
      isEnded = true
      notify()
    },
    chunks: {
      async *[Symbol.asyncIterator]() {
        socket.write(encodeFrame(engineFrame.wantInput))
        for (;;) {
          const chunk = waiting.shift()
          if (chunk) yield chunk
          else if (isEnded) return
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
  }
}
