import t from 'tap'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import { planPolicies } from '../../../orchestrator/network/policy/plan-policies.ts'

function pod(name: string, address: string, labels: Record<string, string>, more: JsonObject = {}) {
  const { namespace = 'shop', ...spec } = more
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: namespace as string, labels },
    spec: { nodeName: 'dev-1', ...spec },
    status: { phase: 'Running', podIP: address },
  }
}

const namespaces = new Map(
  ['shop', 'other'].map((name): [string, KubeObject] => [
    name,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: name } } },
  ]),
)
const pods = [
  pod('web', '10.244.0.2', { app: 'web' }),
  pod('db', '10.244.0.3', { app: 'db' }, { nodeName: 'dev-2' }),
  pod('web', '10.244.0.4', { app: 'web' }, { namespace: 'other' }),
  pod('on-host', '192.0.2.1', { app: 'web' }, { hostNetwork: true }),
]

function plan(spec: JsonObject) {
  const metadata = { name: 'rules', namespace: 'shop' }
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }
  const parts = planPolicies({ policies: [policy], pods, namespaces, nodeName: 'dev-1' })
  const addresses = [...parts.values()].flatMap(({ maps, elements }) =>
    maps.size === 0 ? [] : elements.map(({ element }) => element.key.slice(0, 4).join('.')),
  )
  const chains = [...parts.values()].flatMap((part) => [...part.chains])
  return { chains: new Map(chains), addresses: addresses.toSorted() }
}

t.test(
  'which pods are isolated: those of this node and of its namespace, with an address of their own',
  async (t) => {
    const rows: readonly [string, JsonObject, readonly string[]][] = [
      ['for ingress', { podSelector: {} }, ['ingress-10.244.0.2']],
      [
        'for egress too, where there are rules for it',
        { podSelector: {}, egress: [] },
        ['ingress-10.244.0.2', 'egress-10.244.0.2'],
      ],
      ['for egress alone', { podSelector: {}, policyTypes: ['Egress'] }, ['egress-10.244.0.2']],
      ['nobody', { podSelector: { matchLabels: { app: 'db' } } }, []],
    ]
    for (const [title, spec, expected] of rows)
      t.test(title, async (t) => {
        t.strictSame([...plan(spec).chains.keys()], expected)
      })
  },
)

t.test('whom selectors find', async (t) => {
  const rows: readonly [string, JsonObject, readonly string[]][] = [
    ['pods of the same namespace', { podSelector: {} }, ['10.244.0.2', '10.244.0.3']],
    [
      'all pods of namespaces',
      { namespaceSelector: { matchLabels: { team: 'other' } } },
      ['10.244.0.4'],
    ],
    [
      'some pods of namespaces',
      { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } },
      ['10.244.0.2', '10.244.0.4'],
    ],
    ['nobody, for a block of addresses', { ipBlock: { cidr: '192.0.2.0/24' } }, []],
  ]
  for (const [title, peer, expected] of rows)
    t.test(title, async (t) => {
      const spec = { podSelector: {}, ingress: [{ from: [peer] }] }
      t.strictSame(plan(spec).addresses, expected)
    })
})

t.test('a rule for each peer and port, between what is always so', async (t) => {
  const ports = [{ port: 80 }, { port: 1000, endPort: 2000, protocol: 'UDP' }]
  const from = [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }]
  const { chains } = plan({ podSelector: {}, ingress: [{ from, ports }] })
  t.strictSame(
    chains.get('ingress-10.244.0.2')?.map(({ comment }) => comment),
    [
      'to itself',
      'shop/rules ingress 0.0.0',
      'shop/rules ingress 0.0.1',
      'shop/rules ingress 0.1.0',
      'shop/rules ingress 0.1.1',
      'allowed by no policy',
    ],
  )
})

t.test('a port by a name that the pod does not have lets nobody in', async (t) => {
  const { chains } = plan({ podSelector: {}, ingress: [{ ports: [{ port: 'web' }] }] })
  t.equal(chains.get('ingress-10.244.0.2')?.length, 2)
})
