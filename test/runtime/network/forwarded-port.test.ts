import t from 'tap'
import {
  bindRequests,
  encodePorts,
  encodeRequest,
} from '../../../runtime/network/forwarded-port.ts'
import type { PortBinding } from '../../../runtime/network/published-port.ts'

// The layout is that of native/shim/forward.h.

const tcp: PortBinding = {
  hostIp: '127.0.0.1',
  hostPort: 8080,
  protocol: 'tcp',
  targetIp: '10.88.0.2',
  containerPort: 80,
}
const udp6: PortBinding = {
  hostIp: '::',
  hostPort: 53,
  protocol: 'udp',
  targetIp: 'fd00::2',
  containerPort: 5353,
}

t.test('requests are what the shim reads', async (t) => {
  t.equal(hex(encodeRequest('start', 258)), '0300000002010000')
  const [head, host, target] = ['0200000001000000', '7f000001', '0a580002']
  t.equal(
    hex(encodePorts('bind', [tcp])),
    `${head}0600901f50000000${host.padEnd(32, '0')}${target.padEnd(32, '0')}`,
  )
  const target6 = `fd00${'0'.repeat(27)}2`
  const port6 = `11013500e9140000${'0'.repeat(32)}${target6}`
  t.equal(hex(encodePorts('probe', [udp6])), `0100000001000000${port6}`)
})

t.test('more ports than a request holds go into several', async (t) => {
  const many = Array.from({ length: 1025 }, (_, index) => ({ ...tcp, hostPort: 2000 + index }))
  const requests = bindRequests(many)
  t.strictSame(
    requests.map(({ message, shown }) => [message.length, shown]),
    [
      [8 + 1024 * 40, 'port 127.0.0.1:2000/tcp and 1023 more'],
      [8 + 40, 'port 127.0.0.1:3024/tcp'],
    ],
  )
  t.strictSame(bindRequests([]), [])
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
