import { closeSync, constants, openSync } from 'node:fs'
import { declareSyscall } from './ffi/library.ts'

// One question on a Unix socket of whole messages, unix(7), that is answered before anything else is done.

const socket = declareSyscall('socket', ['int', 'int', 'int'])
const setOption = declareSyscall('setsockopt', ['int', 'int', 'int', 'void *', 'uint'])
const connect = declareSyscall('connect', ['int', 'void *', 'uint'])
const send = declareSyscall('sendto', ['int', 'void *', 'size_t', 'int', 'long', 'uint'])
const receive = declareSyscall('recvfrom', ['int', 'void *', 'size_t', 'int', 'long', 'long'])
const close = declareSyscall('close', ['int'])

const AF_UNIX = 1
const SOCK_SEQPACKET_CLOEXEC = 0o2000005
const MSG_NOSIGNAL = 0x4000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const answerSize = 8

/** What is asked, and whom. */
export interface Question {
  /** Folder of the socket, of whatever length its path is. */
  readonly folder: string
  readonly name: string
  readonly message: Uint8Array
  /** Wait for the answer. */
  readonly patienceSeconds: number
}

/** @returns the first 32 bits of the answer, or -errno where there is none, such as -ECONNREFUSED */
export function askOutside({ folder, name, message, patienceSeconds }: Question): number {
  const place = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  const file = Number(socket(AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0))
  try {
    if (file < 0) return file
    const address = new Uint8Array(110)
    address[0] = AF_UNIX
    address.set(Buffer.from(`/proc/self/fd/${place}/${name}`), 2)
    const patience = new Uint8Array(16)
    patience[0] = patienceSeconds
    setOption(file, SOL_SOCKET, SO_RCVTIMEO, patience, patience.length)
    const answer = Buffer.alloc(answerSize)
    const steps = [
      () => connect(file, address, address.length),
      () => send(file, message, message.length, MSG_NOSIGNAL, 0, 0),
      () => receive(file, answer, answerSize, 0, 0, 0),
    ]
    for (const step of steps) {
      const result = Number(step())
      if (result < 0) return result
    }
    return answer.readInt32LE(0)
  } finally {
    if (file >= 0) close(file)
    closeSync(place)
  }
}
