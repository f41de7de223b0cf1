import packets from 'dns-packet'
import type { Answer, Packet, RecordType } from 'dns-packet'
import t from 'tap'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import type { ClusterNames } from '../../../orchestrator/dns/cluster-answer.ts'
import { makeResolver } from '../../../orchestrator/dns/resolver.ts'

const service = (name: string, spec: JsonObject): [string, KubeObject] => [
  `shop/${name}`,
  { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec },
]
const externalTo = (externalName: string): JsonObject => ({ type: 'ExternalName', externalName })
const http = { name: 'http', protocol: 'TCP', port: 80 }

const services = new Map([
  service('web', { clusterIP: '10.96.1.1', ports: [http] }),
  service('pods', { clusterIP: 'None', ports: [http] }),
  service('nobody', { clusterIP: 'None', ports: [http] }),
  service('alias', externalTo('web.shop.svc.cluster.local')),
  service('twice', externalTo('alias.shop.svc.cluster.local.')),
  service('outside', externalTo('example.org')),
  service('round', externalTo('round.shop.svc.cluster.local')),
])
const slice: KubeObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'pods-1', namespace: 'shop' },
  ports: [{ ...http, port: 8080 }],
  endpoints: [
    { addresses: ['10.244.0.5'], hostname: 'first', conditions: { ready: true } },
    { addresses: ['10.244.1.6'], conditions: { ready: true } },
    { addresses: ['10.244.1.7'], conditions: { ready: false } },
  ],
}
const reverse = new Map([['10.96.1.1', 'web.shop.svc.cluster.local']])
const names: ClusterNames = {
  domain: 'cluster.local',
  service: (namespace, name) => services.get(`${namespace}/${name}`),
  slices: (_namespace, name) => (name === 'pods' ? [slice] : []),
  hasNamespace: (name) => name === 'shop',
  nameOf: (address) => reverse.get(address),
}

/** The server behind: it knows one name, and counts its questions. */
function openUpstream() {
  const asked: string[] = []
  const resolve = makeResolver({
    names,
    askUpstream: async (bytes) => {
      const query = packets.decode(Buffer.from(bytes))
      const [question] = query.questions ?? []
      const name = question?.name ?? ''
      asked.push(name)
      if (name !== 'example.org') return undefined
      const answers: Answer[] = [{ type: 'A', name, ttl: 60, data: '192.0.2.1' }]
      return packets.encode({ ...query, type: 'response', answers })
    },
  })
  const ask = async (name: string, type: RecordType, transport: 'udp' | 'tcp' = 'udp') => {
    const question: Packet = { type: 'query', id: 7, questions: [{ type, name }] }
    const bytes = await resolve(packets.encode(question), transport)
    return packets.decode(Buffer.from(bytes ?? []))
  }
  return { asked, ask, resolve }
}

const dataOf = ({ answers }: Packet): string[] =>
  (answers ?? []).map((one) => ('data' in one ? wordsOf(one) : '')).toSorted()

function wordsOf(answer: Answer): string {
  if (answer.type === 'SRV') return `${answer.data.target}:${answer.data.port}`
  if (answer.type === 'TXT') return [answer.data].flat().map(String).join('')
  return 'data' in answer && typeof answer.data === 'string' ? answer.data : ''
}

const web = 'web.shop.svc.cluster.local'
const pods = 'pods.shop.svc.cluster.local'
const table: [string, RecordType, string, string[]][] = [
  [web, 'A', 'NOERROR', ['10.96.1.1']],
  ['WEB.Shop.svc.cluster.LOCAL', 'A', 'NOERROR', ['10.96.1.1']],
  [web, 'AAAA', 'NOERROR', []],
  ['gone.shop.svc.cluster.local', 'A', 'NXDOMAIN', []],
  ['web.elsewhere.svc.cluster.local', 'A', 'NXDOMAIN', []],
  [pods, 'A', 'NOERROR', ['10.244.0.5', '10.244.1.6']],
  [`first.${pods}`, 'A', 'NOERROR', ['10.244.0.5']],
  [`10-244-1-6.${pods}`, 'A', 'NOERROR', ['10.244.1.6']],
  [`10-244-1-7.${pods}`, 'A', 'NXDOMAIN', []],
  ['nobody.shop.svc.cluster.local', 'A', 'NXDOMAIN', []],
  [`_http._tcp.${web}`, 'SRV', 'NOERROR', [`${web}:80`]],
  [`_http._tcp.${pods}`, 'SRV', 'NOERROR', [`10-244-1-6.${pods}:8080`, `first.${pods}:8080`]],
  [`_http._udp.${web}`, 'SRV', 'NXDOMAIN', []],
  ['10-244-0-9.shop.pod.cluster.local', 'A', 'NOERROR', ['10.244.0.9']],
  ['1.1.96.10.in-addr.arpa', 'PTR', 'NOERROR', [web]],
  ['alias.shop.svc.cluster.local', 'A', 'NOERROR', ['10.96.1.1', web]],
  [
    'twice.shop.svc.cluster.local',
    'A',
    'NOERROR',
    ['10.96.1.1', 'alias.shop.svc.cluster.local', web],
  ],
  ['outside.shop.svc.cluster.local', 'A', 'NOERROR', ['192.0.2.1', 'example.org']],
  ['outside.shop.svc.cluster.local', 'CNAME', 'NOERROR', ['example.org']],
  ['dns-version.cluster.local', 'TXT', 'NOERROR', ['1.1.0']],
  ['example.org', 'A', 'NOERROR', ['192.0.2.1']],
  ['nowhere.example', 'A', 'SERVFAIL', []],
  ['web', 'A', 'NXDOMAIN', []],
]

for (const [name, type, code, data] of table)
  t.test(`${type} of ${name}`, async (t) => {
    const answer = await openUpstream().ask(name, type)
    t.equal(answer.id, 7)
    t.equal((answer as { rcode?: string }).rcode, code)
    t.same(dataOf(answer), data.toSorted())
  })

t.test('names that lead round in circles end', async (t) => {
  const { ask, asked } = openUpstream()
  const { answers = [] } = await ask('round.shop.svc.cluster.local', 'A', 'tcp')
  t.ok(answers.length > 0 && answers.length < 20)
  t.same(asked, [])
})

t.test('what is not there says for how long that may be believed', async (t) => {
  const { authorities = [] } = await openUpstream().ask('gone.shop.svc.cluster.local', 'A')
  t.equal(authorities[0]?.type, 'SOA')
})

t.test('others’ answers are kept, one question for all who ask meanwhile', async (t) => {
  const { ask, asked } = openUpstream()
  await Promise.all([ask('example.org', 'A'), ask('example.org', 'A')])
  await ask('EXAMPLE.org', 'A')
  t.equal(asked.length, 1)
})

t.test('a long answer is cut over UDP, and whole over TCP', async (t) => {
  const long = Array.from({ length: 60 }, (_, index) => `10.244.9.${index + 1}`)
  const many = { ...slice, endpoints: long.map((address) => ({ addresses: [address] })) }
  const resolve = makeResolver({
    names: { ...names, slices: () => [many] },
    askUpstream: async () => undefined,
  })
  const query = packets.encode({ type: 'query', id: 1, questions: [{ type: 'A', name: pods }] })
  const [short, whole] = await Promise.all(
    (['udp', 'tcp'] as const).map(async (transport) =>
      packets.decode(Buffer.from((await resolve(query, transport)) ?? [])),
    ),
  )
  t.ok(short?.flag_tc)
  t.equal(whole?.answers?.length, long.length)
})

t.test('what is no question gets no answer', async (t) => {
  const { resolve } = openUpstream()
  t.equal(await resolve(new Uint8Array([1, 2, 3]), 'udp'), undefined)
  const answer = packets.encode({ type: 'response', id: 1, questions: [{ type: 'A', name: web }] })
  t.equal(await resolve(answer, 'udp'), undefined)
})
