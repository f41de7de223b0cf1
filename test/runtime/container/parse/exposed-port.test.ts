import t from 'tap'
import { parseExposedPorts } from '../../../../runtime/container/parse/exposed-port.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'a port', text: '80', want: ['80/tcp'] },
  { name: 'a range', text: '8000-8002/udp', want: ['8000/udp', '8001/udp', '8002/udp'] },
  { name: 'the last port', text: '65535/tcp', want: ['65535/tcp'] },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseExposedPorts(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'port 0', text: '0' },
  { name: 'too large', text: '65536' },
  { name: 'reversed', text: '90-80' },
  { name: 'an unknown protocol', text: '80/icmp' },
  { name: 'nothing', text: '' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseExposedPorts(text), { code: 'INVALID_ARGUMENT' })
  })
}
