import { closeSync, readSync, writeSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { isSystemError } from '../../../native/system-error.ts'
import { connectUnixSocket } from '../../../native/unix-socket.ts'
import {
  type DbusCall,
  type DbusMessage,
  dbusTypes,
  decodeMessage,
  encodeCall,
} from './dbus-message.ts'
import { dbusText } from './dbus-value.ts'

/** One talk with a manager or a bus. Everything waits: a command has nothing else to do meanwhile. */
export interface DbusConnection {
  /**
   * Send a call and wait for its answer. Signals that come before it are kept for `signal`.
   *
   * @throws {OperationError} `SYSCALL_FAILED` with `detail.error`, the name of the error that was answered; `TIMEOUT`
   */
  call(call: DbusCall): DbusMessage['values']
  /** The next signal of that name. @throws {OperationError} `TIMEOUT` */
  signal(member: string): DbusMessage['values']
  close(): void
}

/**
 * Connect and say who we are: the kernel tells the other side, so an empty name is enough, in user namespaces too.
 *
 * @param isBus whether a bus is between us and whom we talk with, which wants a greeting first
 * @throws {OperationError} `SYSCALL_FAILED`, `ACCESS_DENIED`
 * @see https://dbus.freedesktop.org/doc/dbus-specification.html#auth-protocol
 */
export function connectDbus(path: string, isBus: boolean, timeoutMs: number): DbusConnection {
  const connection = new Talk(connectUnixSocket(path, timeoutMs), path)
  try {
    connection.authenticate()
    if (isBus) connection.call(hello)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

const hello: DbusCall = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
  signature: '',
  values: [],
}

class Talk implements DbusConnection {
  readonly #socket: number
  readonly #path: string
  #received: Buffer = Buffer.alloc(0)
  #serial = 0
  readonly #signals: DbusMessage[] = []

  constructor(socket: number, path: string) {
    this.#socket = socket
    this.#path = path
  }

  /** All at once: whoever refuses us says so by something else than OK. */
  authenticate(): void {
    this.#send(Buffer.from('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n'))
    for (let line = this.#line(); !line.startsWith('OK '); line = this.#line())
      if (!line.startsWith('DATA'))
        throw new OperationError(
          'ACCESS_DENIED',
          'introduce this process to D-Bus',
          { socket: this.#path, answer: line.slice(0, 80) },
          { hint: 'Run it as the user whose manager it is, or use --cgroup-manager cgroupfs' },
        )
  }

  call(call: DbusCall): DbusMessage['values'] {
    const serial = ++this.#serial
    this.#send(encodeCall(call, serial))
    for (;;) {
      const message = this.#next()
      if (message.type === dbusTypes.signal) this.#signals.push(message)
      if (message.replyTo !== serial) continue
      if (message.type === dbusTypes.reply) return message.values
      if (message.type === dbusTypes.error) return refuse(call, message)
    }
  }

  signal(member: string): DbusMessage['values'] {
    for (;;) {
      const message = this.#signals.shift() ?? this.#next()
      if (message.type === dbusTypes.signal && message.member === member) return message.values
    }
  }

  close(): void {
    closeSync(this.#socket)
  }

  #send(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#socket, bytes, at)
  }

  #line(): string {
    for (;;) {
      const end = this.#received.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#received.toString('latin1', 0, end)
        this.#received = this.#received.subarray(end + 2)
        return line
      }
      this.#receive()
    }
  }

  #next(): DbusMessage {
    for (;;) {
      const found = decodeMessage(this.#received)
      if (found) {
        this.#received = this.#received.subarray(found.length)
        return found.message
      }
      this.#receive()
    }
  }

  #receive(): void {
    const part = Buffer.alloc(16_384)
    const length = this.#read(part)
    if (length === 0)
      throw new OperationError(
        'ACCESS_DENIED',
        'talk to systemd: it has hung up',
        { socket: this.#path },
        { hint: 'Run it as the user whose manager it is, or use --cgroup-manager cgroupfs' },
      )
    this.#received = Buffer.concat([this.#received, part.subarray(0, length)])
  }

  #read(part: Buffer): number {
    try {
      return readSync(this.#socket, part)
    } catch (cause) {
      if (isSystemError(cause, 'ECONNRESET')) return 0
      if (!isSystemError(cause, 'EAGAIN')) throw cause
      throw new OperationError(
        'TIMEOUT',
        'wait for an answer of systemd',
        { socket: this.#path },
        { hint: 'See "systemctl list-jobs" for what it waits for' },
      )
    }
  }
}

function refuse({ member }: DbusCall, { errorName, values: [text] }: DbusMessage): never {
  throw new OperationError('SYSCALL_FAILED', `have systemd do ${member}: ${dbusText(text)}`, {
    error: errorName,
  })
}
