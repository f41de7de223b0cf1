import { once } from 'node:events'
import { type ProcessStreams, attachProcess } from '../api/attached-process.ts'
import type { AttachedStreams } from '../container/monitor-connection.ts'
import type { EndOutcome } from '../container/zygote.ts'
import type { TakenOver } from './api-call.ts'
import { watchForKeys } from './detach-watch.ts'
import { streamFrame } from './stream-frame.ts'

export interface JoinWish extends AttachedStreams {
  /** Output goes out as it is, and keys detach. */
  readonly tty: boolean
  readonly detachKeys: readonly number[]
}

/**
 * Carry bytes between a client and a program until the program ends, the client detaches, or the client
 * is gone. Neither side is read faster than the other takes it.
 *
 * @param onEnd told before the client sees the end of the output
 */
export async function joinStreams(
  streams: ProcessStreams,
  ended: Promise<EndOutcome | undefined>,
  { input, output }: TakenOver,
  wish: JoinWish,
  onEnd: (exitCode: number) => void = () => undefined,
): Promise<void> {
  const process = attachProcess({ pid: 0, ended }, streams)
  const leave = (): void => void streams.connecting.then((it) => it?.close()).catch(() => undefined)
  // Whoever waits for a client that is gone waits for ever.
  const gone = new Promise<'gone'>((resolve) => output.once('close', () => resolve('gone')))
  const detached = wish.stdin
    ? passInput(process, input, wish).catch(() => undefined)
    : drain(input)
  const copied = passOutput(process.output(), output, wish.tty, gone)
    // Clients ask for the exit code as soon as the output ends.
    .then(async () => onEnd((await process.wait()).exitCode))
    .catch(() => undefined)
  const left = detached.then(async (why) => {
    // The end of input is not the end of output.
    if (why !== 'detached') await copied
  })
  await Promise.race([copied, gone, left])
  leave()
  if (!output.destroyed) output.end()
}

async function passOutput(
  chunks: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }>,
  output: TakenOver['output'],
  tty: boolean,
  gone: Promise<'gone'>,
): Promise<void> {
  for await (const { stream, data } of chunks) {
    if (output.destroyed) return
    if (!output.write(tty ? data : streamFrame(stream, data)))
      await Promise.race([once(output, 'drain').catch(() => undefined), gone])
  }
}

type InputEnd = 'detached' | 'ended'

async function passInput(
  process: { write(data: Uint8Array): Promise<void>; endInput(): void },
  input: TakenOver['input'],
  { tty, detachKeys }: JoinWish,
): Promise<InputEnd> {
  const keys = watchForKeys(tty ? detachKeys : [])
  const { promise, resolve } = Promise.withResolvers<InputEnd>()
  input.on('data', (data: Buffer) => {
    const { passed, isDetached } = keys.push(data)
    input.pause()
    void process.write(passed).then(() => {
      if (isDetached) resolve('detached')
      else input.resume()
    })
  })
  input.on('end', () => {
    process.endInput()
    resolve('ended')
  })
  input.on('error', () => resolve('ended'))
  input.resume()
  return promise
}

/** What nobody wants is read all the same: only so the end of the connection is noticed. */
async function drain(input: TakenOver['input']): Promise<InputEnd> {
  input.on('error', () => undefined)
  input.resume()
  return 'ended'
}
