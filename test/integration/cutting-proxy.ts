import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import type { Test } from 'tap'

export interface CuttingProxy {
  /** "localhost:41234" */
  readonly host: string
  /** Bytes that came from the server. */
  readonly received: () => number
  readonly cuts: () => number
}

/**
 * Hands connections on to a port of this machine and cuts each one after a number of bytes in either
 * direction.
 *
 * @param allowance bytes for the next connection; Infinity: never
 */
export async function startCuttingProxy(
  t: Test,
  port: number,
  allowance: () => number,
): Promise<CuttingProxy> {
  const open = new Set<Socket>()
  let received = 0
  let cuts = 0
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    let left = allowance()
    const both = [near, far]
    const end = (): void => both.forEach((socket) => socket.destroy())
    const pass = (from: Socket, to: Socket): void => {
      open.add(from)
      from.on('data', (piece: Buffer) => {
        if (from === far) received += piece.length
        left -= piece.length
        if (left > 0) {
          if (!to.write(piece)) from.pause()
          return
        }
        cuts += 1
        to.write(piece.subarray(0, Math.max(0, piece.length + left)))
        to.end(() => near.resetAndDestroy())
        far.destroy()
      })
      to.on('drain', () => from.resume())
      from.on('error', end).on('close', end)
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    received: () => received,
    cuts: () => cuts,
  }
}
