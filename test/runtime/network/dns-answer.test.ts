import type { Question } from 'dns-packet'
import t from 'tap'
import {
  addressOfReverseName,
  answerQuestion,
  usableUpstreams,
} from '../../../runtime/network/dns-answer.ts'
import type { NameRecord } from '../../../runtime/network/name-records.ts'

const record = (ipv4: string, names: string[], ipv6?: string): NameRecord => ({
  containerId: names.join('-'),
  names,
  ipv4,
  ...(ipv6 === undefined ? {} : { ipv6 }),
  upstreams: [],
})
const records = [
  record('10.89.0.2', ['web', 'www', '0123456789ab'], 'fd00::2'),
  record('10.89.0.3', ['web2', 'WWW']),
]

const rows: { name: string; question: [Question['type'], string]; want: unknown }[] = [
  { name: 'a name', question: ['A', 'web'], want: ['10.89.0.2'] },
  {
    name: 'letter case and the root dot do not count',
    question: ['A', 'WEB.'],
    want: ['10.89.0.2'],
  },
  { name: 'a shared alias has all', question: ['A', 'www'], want: ['10.89.0.2', '10.89.0.3'] },
  { name: 'a short id', question: ['A', '0123456789ab'], want: ['10.89.0.2'] },
  { name: 'IPv6', question: ['AAAA', 'web'], want: ['fd00::2'] },
  { name: 'a known name with no such record', question: ['AAAA', 'web2'], want: [] },
  { name: 'a known name of another type', question: ['MX', 'web'], want: [] },
  { name: 'the name of an address', question: ['PTR', '2.0.89.10.in-addr.arpa'], want: ['web'] },
  { name: 'a lone word nobody has', question: ['A', 'db'], want: 'unknown' },
  { name: 'a name of the world', question: ['A', 'example.org'], want: 'forward' },
  { name: 'an address of the world', question: ['PTR', '8.8.8.8.in-addr.arpa'], want: 'forward' },
]
for (const { name, question, want } of rows)
  t.test(`answers ${name}`, async (t) => {
    const [type, asked] = question
    const reply = answerQuestion({ type, name: asked }, records, false)
    const got =
      reply.kind === 'answers'
        ? reply.answers.map((answer) => ('data' in answer ? answer.data : undefined))
        : reply.kind
    t.same(got, want)
  })

t.test('an internal network asks nobody else', async (t) => {
  t.equal(answerQuestion({ type: 'A', name: 'example.org' }, records, true).kind, 'unknown')
})

t.test('reverse names', async (t) => {
  t.equal(addressOfReverseName('1.0.0.10.in-addr.arpa'), '10.0.0.1')
  t.equal(addressOfReverseName('0.0.10.in-addr.arpa'), undefined)
  t.equal(addressOfReverseName(`2.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`), 'fd00::2')
})

t.test('a server never forwards to itself', async (t) => {
  t.same(usableUpstreams(['10.89.0.1', '127.0.0.53', 'x'], ['10.89.0.1']), ['127.0.0.53'])
})
