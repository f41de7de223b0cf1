import t from 'tap'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { addressPortKey, protocolPortKey } from '../../../orchestrator/service-proxy/packet.ts'
import { planHostPorts } from '../../../orchestrator/service-proxy/plan-host-ports.ts'
import { planService } from '../../../orchestrator/service-proxy/plan-service.ts'
import type { TablePart } from '../../../orchestrator/service-proxy/table-part.ts'

const context = {
  nodeName: 'one',
  zone: 'a',
  clusterCidr: '10.244.0.0/16',
  ownAddresses: new Set(['10.96.0.10']),
}

const service = (spec: JsonObject, status: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.96.1.1', ports: [{ port: 80, nodePort: 30_080 }], ...spec },
  status,
})

const endpoint = (address: string, nodeName: string, more: JsonObject = {}): JsonObject => ({
  addresses: [address],
  nodeName,
  conditions: { ready: true },
  ...more,
})

const slices = (...endpoints: JsonObject[]): KubeObject[] => [
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop' },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints,
  },
]

const here = endpoint('10.244.1.2', 'one')
const there = endpoint('10.244.2.2', 'two')
const leaving = { conditions: { ready: false, serving: true, terminating: true } }

/** What a part leads to, in words: `set key → chain` and `chain → backends`. */
function summary(part: TablePart): string[] {
  const keys = new Map([
    [hex(addressPortKey('10.96.1.1', 'TCP', 80)), 'ip'],
    [hex(addressPortKey('192.0.2.7', 'TCP', 80)), 'outer'],
    [hex(protocolPortKey('TCP', 30_080)), 'port'],
  ])
  const doors = part.elements.flatMap(({ set, element: { key, data } }) => {
    const name = keys.get(hex(key))
    if (name === undefined || data === undefined || data instanceof Uint8Array) return []
    const chain = Buffer.concat(
      (data.payload as readonly Attribute[]).map((one) => one.payload as Uint8Array),
    )
    const text = chain
      .subarray(4)
      .toString()
      .replace(/[^a-z]?\/?shop.*/s, '')
      .replaceAll('\0', '')
    return [`${set} ${name} ${text}`]
  })
  const chains = [...part.backends].map(
    ([name, { all }]) =>
      `${name.split('-')[0]}: ${all.map((one) => one.subarray(0, 4).join('.')).join(' ')}`,
  )
  return [...doors, ...chains].toSorted()
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const rows: { name: string; service: KubeObject; slices: KubeObject[]; wanted: string[] }[] = [
  {
    name: 'every ready endpoint, wherever it is',
    service: service({}),
    slices: slices(here, there),
    wanted: [
      'node-ports port external',
      'service-ips ip service',
      'service: 10.244.1.2 10.244.2.2',
    ],
  },
  {
    name: 'no endpoints: refused',
    service: service({}),
    slices: [],
    wanted: ['blocked-ips ip reject', 'blocked-ports port reject'],
  },
  {
    name: 'endpoints that are not ready do not count',
    service: service({}),
    slices: slices({ ...here, conditions: { ready: false } }, there),
    wanted: ['node-ports port external', 'service-ips ip service', 'service: 10.244.2.2'],
  },
  {
    name: 'endpoints that go serve while there is nobody else',
    service: service({ ports: [{ port: 80 }] }),
    slices: slices({ ...here, ...leaving }, { ...there, conditions: { ready: false } }),
    wanted: ['service-ips ip service', 'service: 10.244.1.2'],
  },
  {
    name: 'externalTrafficPolicy Local, with a pod here',
    service: service({ externalTrafficPolicy: 'Local' }),
    slices: slices(here, there),
    wanted: [
      'local: 10.244.1.2',
      'node-ports port external',
      'service-ips ip service',
      'service: 10.244.1.2 10.244.2.2',
    ],
  },
  {
    name: 'externalTrafficPolicy Local, with no pod here: dropped, but for pods of the cluster',
    service: service({ externalTrafficPolicy: 'Local' }),
    slices: slices(there),
    wanted: [
      'blocked-ports port drop',
      'node-ports port external',
      'service-ips ip service',
      'service: 10.244.2.2',
    ],
  },
  {
    name: 'internalTrafficPolicy Local',
    service: service({ internalTrafficPolicy: 'Local', ports: [{ port: 80 }] }),
    slices: slices(here, there),
    wanted: ['local: 10.244.1.2', 'service-ips ip local'],
  },
  {
    name: 'internalTrafficPolicy Local, with no pod here',
    service: service({ internalTrafficPolicy: 'Local', ports: [{ port: 80 }] }),
    slices: slices(there),
    wanted: ['blocked-ips ip drop'],
  },
  {
    name: 'addresses from outside, by name or by the load balancer',
    service: service(
      { externalIPs: ['192.0.2.7'], ports: [{ port: 80 }] },
      { loadBalancer: { ingress: [{ ip: '192.0.2.7' }, { ip: '192.0.2.8', ipMode: 'Proxy' }] } },
    ),
    slices: slices(here),
    wanted: [
      'service-ips ip service',
      'service-ips outer external',
      'service-ips outer external',
      'service: 10.244.1.2',
    ],
  },
  {
    name: 'what is near is preferred where every endpoint has a hint',
    service: service({ ports: [{ port: 80 }] }),
    slices: slices(
      { ...here, hints: { forZones: [{ name: 'a' }] } },
      { ...there, hints: { forZones: [{ name: 'b' }] } },
    ),
    wanted: ['service-ips ip service', 'service: 10.244.1.2'],
  },
  {
    name: 'a hint is missing: all of them',
    service: service({ ports: [{ port: 80 }] }),
    slices: slices({ ...here, hints: { forZones: [{ name: 'a' }] } }, there),
    wanted: ['service-ips ip service', 'service: 10.244.1.2 10.244.2.2'],
  },
  {
    name: 'headless',
    service: service({ clusterIP: 'None', ports: [{ port: 80 }] }),
    slices: slices(here),
    wanted: [],
  },
  {
    name: 'an address that the node answers itself',
    service: service({ clusterIP: '10.96.0.10', ports: [{ port: 80 }] }),
    slices: [],
    wanted: [],
  },
  {
    name: 'ExternalName',
    service: service({ type: 'ExternalName' }),
    slices: slices(here),
    wanted: [],
  },
  {
    name: 'a slice for another port',
    service: service({ ports: [{ name: 'other', port: 80 }] }),
    slices: slices(here),
    wanted: ['blocked-ips ip reject'],
  },
]

for (const row of rows)
  t.test(row.name, async (t) => {
    t.strictSame(summary(planService(row.service, row.slices, context)), row.wanted)
  })

t.test('sticky services remember clients for as long as they say', async (t) => {
  const sticky = service({
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    ports: [{ port: 80 }],
  })
  const part = planService(sticky, slices(here, there), context)
  const clients = [...part.maps.values()].find(({ timeout }) => timeout !== undefined)
  t.match(clients, { key: ['ipv4_addr'], timeout: 60 })
  t.equal([...part.chains.keys()].filter((name) => name.startsWith('backend-')).length, 2)
})

t.test('only pods of this node need help to reach themselves', async (t) => {
  const { elements } = planService(service({}), slices(here, there), context)
  const hairpins = elements.filter(({ set }) => set === 'hairpin')
  t.strictSame(
    hairpins.map(({ element }) => [...element.key].join('.')),
    ['10.244.1.2.10.244.1.2'],
  )
})

t.test('ports of the node that pods take', async (t) => {
  const pod = (spec: JsonObject, status: JsonObject): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: {
      containers: [
        {
          name: 'c',
          ports: [
            { containerPort: 80, hostPort: 8080 },
            { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '192.0.2.7' },
            { containerPort: 99 },
          ],
        },
      ],
      ...spec,
    },
    status,
  })
  const sets = (object: KubeObject): string[] =>
    planHostPorts(object).elements.map(({ set }) => set)
  const running = { phase: 'Running', podIP: '10.244.1.2' }
  t.strictSame(sets(pod({}, running)), ['host-ports', 'host-ports-bound', 'hairpin'])
  t.strictSame(sets(pod({}, { phase: 'Pending' })), [], 'no address yet')
  t.strictSame(sets(pod({}, { ...running, phase: 'Failed' })), [], 'it is over')
  t.strictSame(sets(pod({ hostNetwork: true }, running)), [], 'it has the ports itself')
})
