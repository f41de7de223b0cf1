import { closeSync } from 'node:fs'
import { sendDescriptor } from '../../../native/descriptor-message.ts'
import { copyDescriptor, openProcess } from '../../../native/process-descriptor.ts'
import { connectUnixSocket } from '../../../native/unix-socket.ts'
import type { ConsoleReceiver } from '../../program/compile-input.ts'

const timeoutMs = 10_000
/** What receivers expect beside the descriptor. */
const terminalName = '/dev/ptmx'

/** The other end of a restored terminal goes to whoever asked for the container. @throws {OperationError} `SYSCALL_FAILED` */
export function sendTerminal(receiver: ConsoleReceiver, terminal: number): void {
  const socket =
    receiver.kind === 'path'
      ? connectUnixSocket(receiver.path, timeoutMs)
      : copyDescriptor(receiver.pid, receiver.number)
  send(socket, terminal)
}

/** A descriptor of the first process, for whoever wants to wait for it. @throws {OperationError} `SYSCALL_FAILED` */
export function sendProcess(path: string, pid: number): void {
  const descriptor = openProcess(pid)
  try {
    send(connectUnixSocket(path, timeoutMs), descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function send(socket: number, descriptor: number): void {
  try {
    sendDescriptor(socket, Buffer.from(terminalName), descriptor)
  } finally {
    closeSync(socket)
  }
}
