import { describeError } from '../../../native/error.ts'
import { isObject } from '../../api/object.ts'
import type { Status } from '../../api/status-error.ts'
import { channel } from '../../server/streaming/channels.ts'
import type { Channels } from '../../server/streaming/channels.ts'
import type { ServedProcess } from './served-pods.ts'

export interface CommandStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** `exec` ends with the program's exit code; `attach` with success, whatever the container ends with. */
export type CommandEnd = 'exit-code' | 'success'

const success = { metadata: {}, status: 'Success' } as const

/**
 * Join a process with the channels of one request, until it has ended and everything it wrote has been sent.
 *
 * @param start begins it; a failure goes to the client as a Status on the error channel
 */
export async function serveCommand(
  channels: Channels,
  streams: CommandStreams,
  start: () => Promise<ServedProcess>,
  end: CommandEnd,
): Promise<void> {
  const input = readInput(channels, streams)
  channels.resume()
  let status: object
  try {
    const process = await start()
    input.connect(process)
    await sendOutput(channels, streams, process, input)
    const { exitCode } = await process.wait()
    status = end === 'success' || exitCode === 0 ? success : exitStatus(exitCode)
  } catch (error) {
    status = failureStatus(error)
  }
  if (input.isClosed()) return
  await send(channels, channel.error, Buffer.from(JSON.stringify(status)))
  channels.close()
}

async function sendOutput(
  channels: Channels,
  streams: CommandStreams,
  process: ServedProcess,
  input: Input,
): Promise<void> {
  const ended = input.closed.then(() => process.close?.())
  for await (const { stream, data } of process.output()) {
    // A client that went: the program must not be held up by what nobody reads.
    if (input.isClosed()) continue
    const isWanted = streams.tty ? streams.stdout : streams[stream]
    if (!isWanted) continue
    const to = streams.tty || stream === 'stdout' ? channel.stdout : channel.stderr
    await Promise.race([send(channels, to, Buffer.from(data)), ended])
  }
}

function send(channels: Channels, to: number, data: Buffer): Promise<void> {
  return new Promise((resolve) => channels.send(to, data, resolve))
}

interface Input {
  /** What clients sent before the process was there goes to it now. */
  connect(process: ServedProcess): void
  /** When the client went. */
  readonly closed: Promise<void>
  isClosed(): boolean
}

/** Messages are acted on one after the other, at the pace of the process. */
function readInput(channels: Channels, streams: CommandStreams): Input {
  const ready = Promise.withResolvers<ServedProcess>()
  const closed = Promise.withResolvers<void>()
  let isClosed = false
  let last: Promise<unknown> = ready.promise
  const act = (action: (process: ServedProcess) => unknown): void => {
    channels.pause()
    const done = last
      .then(() => ready.promise)
      .then(action)
      // A program that has closed its input wants no more of it.
      .catch(() => undefined)
    last = done
    void done.then(() => {
      if (last === done && !isClosed) channels.resume()
    })
  }
  channels.listen({
    onData: (number, data) => {
      if (number === channel.stdin && streams.stdin) act((process) => process.write(data))
      if (number === channel.resize && streams.tty) act((process) => resize(process, data))
    },
    onEnd: (number) => {
      if (number === channel.stdin && streams.stdin) act((process) => process.endInput())
    },
    onClose: () => {
      isClosed = true
      if (streams.stdin) act((process) => process.endInput())
      closed.resolve()
    },
  })
  return { connect: ready.resolve, closed: closed.promise, isClosed: () => isClosed }
}

function resize(process: ServedProcess, data: Buffer): void {
  const size: unknown = JSON.parse(data.toString())
  if (!isObject(size)) return
  const { Width: columns, Height: rows } = size
  if (typeof rows === 'number' && typeof columns === 'number') process.resize(rows, columns)
}

function exitStatus(exitCode: number): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  } satisfies Partial<Status>
}

function failureStatus(error: unknown): object {
  const why = `error executing command in container: ${describeError(error)}`
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${why}`,
    reason: 'InternalError',
    details: { causes: [{ reason: '', message: why }] },
    code: 500,
  } satisfies Partial<Status>
}
