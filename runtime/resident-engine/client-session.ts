import type { Socket } from 'node:net'
import type { CommandIo } from '../cli/command-io.ts'
import type { Engine } from '../cli/engine.ts'
import { runCommandLine } from '../cli/run-command-line.ts'
import { encodeAttach } from '../container/attach-client.ts'
import type { AttachPlan } from '../container/attach-plan.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { connectMonitor } from '../container/monitor-connection.ts'
import { type Installation, acceptsRequest } from './accept-request.ts'
import {
  type EngineRequest,
  encodeFrame,
  encodeOutput,
  engineFrame,
  frameReader,
  parseRequest,
} from './frames.ts'
import { type InputQueue, inputQueue } from './input-queue.ts'

const SIGWINCH = 28

/** What a session needs of the engine it belongs to. */
export interface SessionHost {
  readonly context: EngineContext
  readonly engine: Engine
  readonly installation: Installation
}

interface Session {
  readonly socket: Socket
  readonly input: InputQueue
  /** Aborted when the client died or was interrupted; the reason is the signal, 0 for death. */
  readonly gone: AbortController
}

/** One client: one command. */
export function serveClient(socket: Socket, host: SessionHost): void {
  const input = inputQueue(() => socket.write(encodeFrame(engineFrame.wantInput)))
  const session: Session = { socket, input, gone: new AbortController() }
  let isStarted = false
  // An error is followed by close.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    session.gone.abort(0)
    input.end()
  })
  const read = frameReader(({ type, payload }) => {
    if (type === engineFrame.request && !isStarted) {
      isStarted = true
      void runRequest(session, host, parseRequest(payload)).catch(() => socket.destroy())
    } else if (type === engineFrame.input) input.push(Buffer.from(payload))
    else if (type === engineFrame.inputEnd) input.end()
    else if (type === engineFrame.clientSignal && payload.length >= 4)
      interrupt(session, payload.readUInt32LE(0))
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk)
    } catch {
      socket.destroy() // Not a client of ours.
    }
  })
}

/** The client goes at once, as a process of its own would; what it began is cancelled or ends. */
function interrupt(session: Session, signal: number): void {
  if (signal === SIGWINCH || session.gone.signal.aborted) return
  session.gone.abort(signal)
  finish(session.socket, 128 + signal)
}

function finish(socket: Socket, exitCode: number): void {
  const code = Buffer.alloc(4)
  code.writeInt32LE(exitCode)
  socket.end(encodeFrame(engineFrame.done, code))
}

async function runRequest(
  session: Session,
  { context, engine, installation }: SessionHost,
  request: EngineRequest,
): Promise<void> {
  const { socket, gone } = session
  if (!acceptsRequest(context, installation, request)) {
    socket.end(encodeFrame(engineFrame.decline))
    return
  }
  const exitCode = await runCommandLine(
    request.argv,
    clientIo(session, request),
    async () => engine,
  )
  // Ended already where the client attaches to a container, or is gone.
  if (socket.writable && !gone.signal.aborted) finish(socket, exitCode)
}

/** The outside as the client has it. */
function clientIo(session: Session, request: EngineRequest): CommandIo {
  const { socket, input, gone } = session
  const sink = (type: number) => ({
    write(chunk: string | Uint8Array) {
      if (!socket.writable) return
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      for (const frame of encodeOutput(type, data)) socket.write(frame)
    },
  })
  return {
    stdout: sink(engineFrame.out),
    stderr: sink(engineFrame.err),
    stdin: input.chunks,
    env: request.env,
    cwd: request.cwd,
    stdinIsTty: request.stdinIsTty,
    stdoutIsTty: request.stdoutIsTty,
    rows: request.rows || 24,
    columns: request.columns || 80,
    signal: gone.signal,
    isGone: () => gone.signal.aborted,
    async attach(plan) {
      if (gone.signal.aborted) await letGoOn(plan, Number(gone.signal.reason))
      else socket.end(encodeFrame(engineFrame.attachTo, encodeAttach(plan)))
      return undefined
    },
  }
}

/**
 * The container runs, its client does not any more: it goes on, as with docker, and gets the
 * signal that the client would have passed on.
 */
async function letGoOn(plan: AttachPlan, signal: number): Promise<void> {
  const streams = { stdin: false, stdout: true, stderr: true }
  const monitor = await connectMonitor(plan.stateFolder, streams)
  if (plan.sigProxy && signal > 0) monitor?.signal(signal)
  monitor?.end()
}
