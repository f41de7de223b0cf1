import { errnoName } from '../../native/errno.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import type { NetlinkExchange } from './netlink-exchange.ts'

/**
 * Carry out exchanges in the network namespace of this process, in order, on sockets of their own.
 *
 * @param pid of the container's init, for exchanges that name its namespace
 * @throws {OperationError} `SYSCALL_FAILED` for the first verdict that is neither fine nor tolerated
 */
export function sendExchanges(exchanges: readonly NetlinkExchange[], pid?: number): void {
  const sockets = new Map<string, NetlinkSocket>()
  try {
    for (const exchange of exchanges) {
      const socket = sockets.get(exchange.family) ?? openNetlinkSocket(exchange.family)
      sockets.set(exchange.family, socket)
      sendExchange(socket, exchange, pid)
    }
  } finally {
    for (const socket of sockets.values()) socket.close()
  }
}

/** Carry out one exchange on an open socket of its family; see sendExchanges. */
function sendExchange(socket: NetlinkSocket, exchange: NetlinkExchange, pid?: number): void {
  const message = exchange.message.slice()
  if (exchange.pidOffset !== undefined && pid !== undefined)
    new DataView(message.buffer).setUint32(exchange.pidOffset, pid, true)
  for (const ack of socket.request(message, exchange.acks))
    if (!exchange.tolerate?.includes(errnoName(ack.errno)))
      requireAck(ack, exchange.why, { source: exchange.source })
}
