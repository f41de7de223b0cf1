import t from 'tap'
import { parseExposedPorts, parsePortSpec } from '../../../runtime/network/port-spec.ts'
import type { PortRequest } from '../../../runtime/network/port-spec.ts'

const one = (port: number): { first: number; last: number } => ({ first: port, last: port })

const accepted: { spec: string; want: PortRequest[] }[] = [
  { spec: '80', want: [{ containerPort: 80, protocol: 'tcp' }] },
  { spec: '8080:80', want: [{ hostPorts: one(8080), containerPort: 80, protocol: 'tcp' }] },
  { spec: '8080:80/UDP', want: [{ hostPorts: one(8080), containerPort: 80, protocol: 'udp' }] },
  {
    spec: '127.0.0.1:8080:80/udp',
    want: [{ hostIp: '127.0.0.1', hostPorts: one(8080), containerPort: 80, protocol: 'udp' }],
  },
  {
    spec: '127.0.0.1::80',
    want: [{ hostIp: '127.0.0.1', containerPort: 80, protocol: 'tcp' }],
  },
  {
    spec: '[::1]:8080:80',
    want: [{ hostIp: '::1', hostPorts: one(8080), containerPort: 80, protocol: 'tcp' }],
  },
  { spec: '0:80', want: [{ containerPort: 80, protocol: 'tcp' }] },
  {
    spec: '8000-8001:9000-9001/sctp',
    want: [
      { hostPorts: one(8000), containerPort: 9000, protocol: 'sctp' },
      { hostPorts: one(8001), containerPort: 9001, protocol: 'sctp' },
    ],
  },
  {
    spec: '8000-8010:80',
    want: [{ hostPorts: { first: 8000, last: 8010 }, containerPort: 80, protocol: 'tcp' }],
  },
]
for (const { spec, want } of accepted)
  t.test(`-p ${spec}`, async (t) => t.same(parsePortSpec(spec), want))

const rejected = [
  '',
  ':',
  '0',
  '65536',
  '70000:80',
  '80:0',
  '8080:80/icmp',
  '8080:80/',
  '8000-8002:80-81',
  '9-8:9-8',
  'localhost:8080:80',
  '::1:8080:80',
  '[127.0.0.1]:8080:80',
  '[::1:8080:80',
  '1.2.3:8080:80',
  '8080:80:90:1',
  ' 8080:80',
  '-1:80',
]
for (const spec of rejected)
  t.test(`-p ${JSON.stringify(spec)} is refused`, async (t) => {
    t.throws(() => parsePortSpec(spec), { code: 'INVALID_ARGUMENT', detail: { spec } })
  })

t.test('--expose takes a range and a protocol', async (t) => {
  t.same(parseExposedPorts('53/udp'), [{ port: 53, protocol: 'udp' }])
  t.same(
    parseExposedPorts('80-82').map(({ port }) => port),
    [80, 81, 82],
  )
  t.throws(() => parseExposedPorts('8080:80'), { code: 'INVALID_ARGUMENT' })
})
