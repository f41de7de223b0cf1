import { OperationError } from '../../native/error.ts'
import { openStreams } from '../api/attached-process.ts'
import { containerFolder } from '../container/container-folder.ts'
import { publishContainerEvent } from '../container/events.ts'
import { defaultDetachKeys, parseDetachKeys } from '../container/parse/detach-keys.ts'
import { type Answer, type ApiCall, type Route, type TakenOver, ok } from './api-call.ts'
import { containerOf } from './container-life.ts'
import { isTrue } from './filters.ts'
import { type JoinWish, joinStreams } from './join-streams.ts'
import { framedStreamType, rawStreamType, streamFrame } from './stream-frame.ts'

export const containerAttachRoutes: readonly Route[] = [
  ['POST', '/containers/*/attach', (call) => attach(call, false)],
  ['GET', '/containers/*/attach/ws', attachByMessages],
  ['POST', '/containers/*/resize', resize],
]

/** The keys of a query or a body. @throws {OperationError} `INVALID_ARGUMENT` */
export function detachKeys(text: string | null | undefined): readonly number[] {
  return text === null || text === undefined || text === ''
    ? defaultDetachKeys
    : parseDetachKeys(text)
}

/** As docker has it: without frames, whatever the container's streams are. */
async function attachByMessages(call: ApiCall): Promise<Answer> {
  if (call.header('upgrade')?.toLowerCase() !== 'websocket')
    throw new OperationError('INVALID_ARGUMENT', 'attach/ws is for a WebSocket: ask for an upgrade')
  return { ...(await attach(call, true)), isWebSocket: true }
}

type TakeOver = Extract<Answer, { takeOver: unknown }>

async function attach(call: ApiCall, byMessages: boolean): Promise<TakeOver> {
  const { context, query, attachments } = call
  const { record, state } = await containerOf(call)
  if (state.status === 'paused')
    throw new OperationError(
      'BAD_STATE',
      `Container ${record.name} is paused, unpause the container before attach.`,
    )
  const hasTerminal = record.options.tty
  const tty = hasTerminal || byMessages
  const wants = (name: string): boolean => isTrue(query.get(name))
  const wish: JoinWish = {
    stdin: wants('stdin') && record.options.interactive,
    stdout: wants('stdout'),
    stderr: wants('stderr'),
    tty,
    detachKeys: hasTerminal ? detachKeys(query.get('detachKeys')) : [],
  }
  const type = tty ? rawStreamType : framedStreamType
  return {
    type: rawStreamType === type ? type : typeFor(call, type),
    async takeOver(connection) {
      if (wants('logs')) await sendLogs(call, record.id, connection, tty)
      if (!wants('stream')) return void connection.output.end()
      publishContainerEvent(context.folders, record, 'attach')
      if (state.pid === 0 && state.status !== 'restarting')
        return attachments.add(record.id, connection, wish)
      const streams = openStreams(containerFolder(context.folders, record.id).state, wish)
      await joinStreams(streams, Promise.resolve(undefined), connection, wish)
    },
  }
}

/** Clients before 1.42 know one type alone. */
function typeFor({ header }: ApiCall, type: string): string {
  return header('accept')?.includes(type) === true ? type : rawStreamType
}

async function sendLogs(
  { engine, signal }: ApiCall,
  id: string,
  { output }: TakenOver,
  tty: boolean,
): Promise<void> {
  for await (const { stream, data } of engine.logs(id, { follow: false, signal })) {
    if (output.destroyed) return
    if (!output.write(tty ? data : streamFrame(stream, data)))
      await new Promise<void>((resolve) => output.once('drain', resolve).once('close', resolve))
  }
}

async function resize(call: ApiCall): Promise<Answer> {
  const { context, query } = call
  const { record } = await containerOf(call)
  const { connectMonitor } = await import('../container/monitor-connection.ts')
  const monitor = await connectMonitor(containerFolder(context.folders, record.id).state, {
    stdin: false,
    stdout: false,
    stderr: false,
  })
  if (!monitor) throw new OperationError('BAD_STATE', `Container ${record.id} is not running`)
  monitor.resize(Number(query.get('h')), Number(query.get('w')))
  monitor.end()
  return ok('')
}
