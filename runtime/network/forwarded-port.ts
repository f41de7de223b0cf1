import { requireAddress } from './ip-address.ts'
import type { ForwardedPorts } from './netlink-exchange.ts'
import { showPorts } from './published-port.ts'
import type { PortBinding } from './published-port.ts'

// Ports of an ordinary user's containers, as requests to the process outside: native/shim/forward.h. Pure.

const requestOps = { probe: 1, bind: 2, start: 3, close: 4 } as const
const headSize = 8
const portSize = 40
/** Most ports in one request. */
const portsAtOnce = 1024

/** Name of the socket in the run folder. */
export const outsideSocketName = 'outside'
/** Wait for an answer; all that it takes is a bind(2). */
export const outsidePatienceSeconds = 5

/** Where in a `start` request the pid of the container goes, 32 bits. */
export const startPidOffset = 4

/** @param value of `start`: the pid; of `probe` and `bind`: how many ports follow */
export function encodeRequest(op: keyof typeof requestOps, value = 0): Uint8Array {
  const bytes = Buffer.alloc(headSize)
  bytes.writeUInt32LE(requestOps[op], 0)
  bytes.writeUInt32LE(value, 4)
  return bytes
}

/** One question about ports of the host, which are to lead to containers. */
export function encodePorts(op: 'probe' | 'bind', ports: readonly PortBinding[]): Uint8Array {
  return Buffer.concat([encodeRequest(op, ports.length), ...ports.map(encodePort)])
}

/** What binds all of them. */
export function bindRequests(ports: readonly PortBinding[]): ForwardedPorts['requests'] {
  const count = Math.ceil(ports.length / portsAtOnce)
  return Array.from({ length: count }, (_, index) => {
    const some = ports.slice(index * portsAtOnce, (index + 1) * portsAtOnce)
    return { message: encodePorts('bind', some), shown: showPorts(some) }
  })
}

function encodePort(port: PortBinding): Uint8Array {
  const host = requireAddress(port.hostIp, 'a host address')
  const target = requireAddress(port.targetIp, 'the address of a container')
  const bytes = Buffer.alloc(portSize)
  bytes.writeUInt8(port.protocol === 'tcp' ? 6 : 17, 0)
  bytes.writeUInt8(host.length === 16 ? 1 : 0, 1)
  bytes.writeUInt16LE(port.hostPort, 2)
  bytes.writeUInt16LE(port.containerPort, 4)
  bytes.set(host, 8)
  bytes.set(target, 24)
  return bytes
}
