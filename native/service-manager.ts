import { closeSync } from 'node:fs'
import { OperationError } from './error.ts'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: address and text are Buffers that outlive the synchronous calls, with their true lengths.
const socket = declareSyscall('socket', ['int', 'int', 'int'])
const sendTo = declareSyscall('sendto', ['int', 'void *', 'size_t', 'int', 'void *', 'uint'])

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_NOSIGNAL = 0x4000
/** sun_path of struct sockaddr_un, bytes. */
const pathCapacity = 108

/** What a service tells of itself; the words of sd_notify(3). */
export interface ServiceState {
  /** It does its work from now on; what was ordered after it may start. */
  readonly ready?: boolean
  /** It is on its way out. */
  readonly stopping?: boolean
  /** A line for people, in `systemctl status`. */
  readonly status?: string
}

/**
 * Tell the service manager that started this process how it is, over the socket that NOTIFY_SOCKET names. Where there
 * is none, or where it has gone, nothing happens: a service does its work without being watched, too.
 *
 * @see sd_notify(3), unix(7)
 */
export function tellServiceManager(
  state: ServiceState,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  const path = environment['NOTIFY_SOCKET']
  if (path === undefined || !/^[/@]/.test(path)) return
  try {
    sendDatagram(path.replace(/^@/, '\0'), Buffer.from(stateText(state)))
  } catch (error) {
    if (!(error instanceof OperationError)) throw error
  }
}

/** The lines of a message; pure. */
export function stateText({ ready, stopping, status }: ServiceState): string {
  const lines = [
    ...(ready ? ['READY=1'] : []),
    ...(stopping ? ['STOPPING=1'] : []),
    ...(status === undefined ? [] : [`STATUS=${status.replaceAll('\n', ' ')}`]),
  ]
  return lines.join('\n')
}

/** @throws {OperationError} `SYSCALL_FAILED` */
function sendDatagram(path: string, text: Buffer): void {
  const name = Buffer.from(path)
  const detail = { path: path.replace('\0', '@') }
  if (name.length >= pathCapacity)
    throw new OperationError('SYSCALL_FAILED', 'sendto', { ...detail, errno: 'ENAMETOOLONG' })
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name])
  const made = requireSuccess(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', detail)
  try {
    const sent = sendTo(made, text, text.length, MSG_NOSIGNAL, address, address.length)
    requireSuccess(sent, 'sendto', detail)
  } finally {
    closeSync(made)
  }
}
