import { leaveOutputAlone } from '../../../native/terminal.ts'
import type { WebSocket } from 'ws'
import { listAt, textAt } from '../../api/object.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

// https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
const channel = { input: 0, output: 1, error: 2, status: 3, resize: 4, close: 255 } as const

/** What answers `exec` and `attach`. */
export const commandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

/**
 * A command in a container, with our own input and output.
 * @throws CommandFailure unless it went well, with the exit code of the command
 */
export async function converseHere(
  session: Session,
  path: string,
  { stdin, isTerminal }: { readonly stdin: boolean; readonly isTerminal: boolean },
): Promise<void> {
  const socket = await session.upgrade(path, commandProtocols)
  const status = converse(socket, process.stdout, process.stderr)
  if (isTerminal) sendSizes(socket)
  if (stdin) sendOurInput(socket, isTerminal)
  try {
    endAs(await status)
  } finally {
    if (isTerminal) process.stdin.setRawMode(false)
    process.stdin.destroy()
  }
}

interface Sink {
  write(data: Buffer): unknown
}

/** Write what comes. @returns the Status that the command ended with */
export function converse(socket: WebSocket, output: Sink, errors: Sink): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let status: unknown
    socket.on('message', (message) => {
      const data = message.subarray(1)
      if (message[0] === channel.output) output.write(data)
      if (message[0] === channel.error) errors.write(data)
      if (message[0] !== channel.status) return
      status = JSON.parse(data.toString()) as unknown
      socket.close()
    })
    socket.on('close', () => resolve(status))
    socket.on('error', reject)
  })
}

function send(socket: WebSocket, number: number, data: Buffer): void {
  socket.send(Buffer.concat([Buffer.from([number]), data]), { binary: true })
}

function sendOurInput(socket: WebSocket, isTerminal: boolean): void {
  if (isTerminal) {
    process.stdin.setRawMode(true)
    leaveOutputAlone(process.stdin.fd)
  }
  sendInput(socket, process.stdin)
}

export function sendInput(socket: WebSocket, input: NodeJS.ReadableStream): void {
  input.on('data', (data: Buffer) => send(socket, channel.input, data))
  input.on('end', () => send(socket, channel.close, Buffer.from([channel.input])))
}

function sendSizes(socket: WebSocket): void {
  const tell = (): void => {
    const { columns: Width, rows: Height } = process.stdout
    send(socket, channel.resize, Buffer.from(JSON.stringify({ Width, Height })))
  }
  tell()
  process.stdout.on('resize', tell)
}

/** @throws CommandFailure unless it went well, with the exit code of the command */
export function endAs(status: unknown): void {
  if (textAt(status, ['status']) === 'Success') return
  const cause = listAt(status, ['details', 'causes']).find((each) => each['reason'] === 'ExitCode')
  const code = Number(textAt(cause, ['message']) ?? '1')
  if (cause) throw new CommandFailure(`command terminated with exit code ${code}`, code)
  throw new CommandFailure(textAt(status, ['message']) ?? 'the connection broke')
}
