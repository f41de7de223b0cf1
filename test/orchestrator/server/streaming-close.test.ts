import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import {
  controlFrame,
  dataFrame,
  frameType,
} from '../../../orchestrator/server/streaming/spdy/frame.ts'
import { makeHeaderCodec } from '../../../orchestrator/server/streaming/spdy/header-codec.ts'
import { serveSpdy } from '../../../orchestrator/server/streaming/spdy/session.ts'

// `kubectl exec` of a program that ends before it has read all of its input: what it wrote has to arrive.

// Whether the kernel has unread bytes at the end is a matter of moments: some rounds meet it.
for (let round = 1; round <= 10; round++)
  t.test(
    `a session that ends over unread input loses nothing of its output, ${round}`,
    async (t) => {
      const size = 900_000
      const ended = Promise.withResolvers<void>()
      const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
        socket.once('finish', () => ended.resolve())
        const session = serveSpdy(socket, {
          onStream(stream) {
            session.pause()
            stream.write(Buffer.alloc(size), () => session.close())
          },
          onClose: () => undefined,
        })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => server.close())

      const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
      t.teardown(() => client.destroy())
      const codec = makeHeaderCodec()
      const head = Buffer.alloc(10)
      head.writeUInt32BE(1, 0)
      client.write(
        controlFrame(
          frameType.synStream,
          0,
          Buffer.concat([head, codec.encode({ streamtype: 'stdin' })]),
        ),
      )
      codec.close()
      for (let part = 0; part < 40; part++) client.write(dataFrame(1, Buffer.alloc(32_000), false))
      await ended.promise

      let received = 0
      client.on('data', (bytes: Buffer) => (received += bytes.length))
      await once(client, 'end')
      t.ok(received > size, `${received} bytes`)
    },
  )
