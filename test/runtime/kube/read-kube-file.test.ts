import t from 'tap'
import { expand } from '../../../runtime/kube/pod-variables.ts'
import { placeVolumes } from '../../../runtime/kube/pod-volumes.ts'
import { type ContainerWords, containerWords, infraWords } from '../../../runtime/kube/pod-words.ts'
import { parseQuantity } from '../../../runtime/kube/quantity.ts'
import { readKubeFile } from '../../../runtime/kube/read-kube-file.ts'

const flags = { network: [], noHosts: false, logOptions: [], annotations: [], publish: [] }

/** The words for the first container of a pod, and for what holds its namespaces. */
function wordsOf(
  spec: object,
  more: readonly object[] = [],
): { own: ContainerWords; infra: ContainerWords } {
  const pod = { kind: 'Pod', metadata: { name: 'p', labels: { app: 'x' } }, spec }
  const file = readKubeFile('f', [...more, pod].map((each) => JSON.stringify(each)).join('\n---\n'))
  const [wanted] = file.pods
  const [container] = wanted?.spec.containers ?? []
  if (!wanted || !container) throw new Error('no pod')
  const volumes = placeVolumes(wanted, file, '/kept')
  const place = { role: 'main', contents: file, volumes, flags } as const
  return {
    own: containerWords(wanted, container, place),
    infra: infraWords(wanted, volumes, flags),
  }
}

const plain = { name: 'c', image: 'i' }

const rows: readonly (readonly [title: string, container: object, words: string, spec?: object])[] =
  [
    ['its names', {}, '--name p-c --label app=x'],
    [
      'its namespaces',
      {},
      '--network container:p-infra --ipc container:p-infra --uts container:p-infra',
    ],
    ['a command', { command: ['a', 'b c'] }, '--entrypoint ["a","b c"]'],
    [
      'a variable',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '$(A)-$$(A)-$(C)' },
        ],
      },
      '--env A=1 --env B=1-$(A)-$(C)',
    ],
    [
      'resources',
      { resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: 0.5 } } },
      '--memory 67108864 --cpus 1.5 --cpu-shares 512',
    ],
    [
      'a user and groups',
      { securityContext: { runAsUser: 5, runAsGroup: 6 } },
      '--user 5:6 --group-add 7',
      { securityContext: { fsGroup: 7 } },
    ],
    ['a pull policy', { imagePullPolicy: 'Never' }, '--pull never'],
    ['a restart policy', {}, '--restart on-failure', { restartPolicy: 'OnFailure' }],
    [
      'a probe',
      { livenessProbe: { exec: { command: ['t'] }, periodSeconds: 3 } },
      '--health-cmd ["CMD","t"] --health-interval 3s --health-timeout 1s --health-retries 3 --health-on-failure restart',
    ],
    [
      'a probe of a named port',
      {
        ports: [{ name: 'web', containerPort: 81 }],
        livenessProbe: { tcpSocket: { port: 'web' } },
      },
      '--health-cmd ["CMD-SHELL","nc -z localhost 81 || exit 1"]',
    ],
    [
      'a folder of the host',
      { volumeMounts: [{ name: 'v', mountPath: '/m', readOnly: true, subPath: 's' }] },
      '--mount type=bind,source=/h/s,target=/m,readonly',
      { volumes: [{ name: 'v', hostPath: { path: '/h' } }] },
    ],
    [
      'an empty folder',
      { volumeMounts: [{ name: 'v', mountPath: '/m' }] },
      '--mount type=volume,source=p-v,volume-nocopy=true,target=/m',
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ],
    [
      'a claim',
      { volumeMounts: [{ name: 'v', mountPath: '/m,n' }] },
      '--mount type=volume,source=c1,volume-nocopy=true,"target=/m,n"',
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c1' } }] },
    ],
  ]
for (const [title, container, words, spec = {}] of rows)
  t.test(title, async (t) => {
    const { own } = wordsOf({ containers: [{ ...plain, ...container }], ...spec })
    t.ok(own.flags.join(' ').includes(words), own.flags.join(' '))
  })

t.test('what holds the namespaces has ports, names and name servers', async (t) => {
  const ports = [
    { containerPort: 80, hostPort: 8080, hostIP: '::1', protocol: 'UDP' },
    { containerPort: 81 },
  ]
  const { infra } = wordsOf({
    containers: [{ ...plain, ports }],
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['a', 'b'] }],
    dnsConfig: {
      nameservers: ['1.1.1.1'],
      searches: ['x'],
      options: [{ name: 'ndots', value: '2' }],
    },
  })
  const words =
    '-p [::1]:8080:80/udp --add-host a:10.0.0.1 --add-host b:10.0.0.1 --dns 1.1.1.1 --dns-search x --dns-option ndots:2'
  t.ok(infra.flags.join(' ').endsWith(words), infra.flags.join(' '))
})

t.test('variables of ConfigMaps and Secrets', async (t) => {
  const more = [
    { kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: 'v' }, binaryData: { b: 'eA==' } },
    { kind: 'Secret', metadata: { name: 's' }, data: { p: 'cHc=' }, stringData: { q: 'r' } },
  ]
  const container = {
    ...plain,
    envFrom: [
      { prefix: 'P_', configMapRef: { name: 'm' } },
      { secretRef: { name: 'none', optional: true } },
    ],
    env: [{ name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'p' } } }],
  }
  const { own } = wordsOf({ containers: [container] }, more)
  t.ok(own.flags.join(' ').includes('--env P_k=v --env P_b=x --env S=pw'), own.flags.join(' '))
})

t.test('kinds', async (t) => {
  const spec = { containers: [plain] }
  const file = readKubeFile(
    'f',
    JSON.stringify({
      kind: 'List',
      items: [
        { kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 3, template: { spec } } },
        { kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec: { accessModes: ['x'] } },
        { kind: 'Ingress', metadata: { name: 'i' } },
      ],
    }),
  )
  t.strictSame(
    file.pods.map(({ name }) => name),
    ['d-pod', 'd-pod-2', 'd-pod-3'],
  )
  t.match(file.claims, [{ name: 'c' }])
  t.match(file.notes, [/accessModes/, /Ingress i: not acted on/])
})

const refused: readonly (readonly [title: string, text: string])[] = [
  ['no YAML', 'a: [b'],
  ['no kind', 'a: b'],
  ['no containers', 'kind: Pod\nmetadata: {name: p}\nspec: {containers: []}'],
  [
    'a name with capitals',
    'kind: Pod\nmetadata: {name: P}\nspec: {containers: [{name: a, image: b}]}',
  ],
  [
    'a text for a number',
    'kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b, ports: [{containerPort: "x"}]}]}',
  ],
  [
    'a bomb of aliases',
    `a: &a [x,x]\n${'bcdefghijkl'
      .split('')
      .map((name, at) => `${name}: &${name} [*${'abcdefghijkl'[at]},*${'abcdefghijkl'[at]}]`)
      .join('\n')}`,
  ],
]
for (const [title, text] of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.throws(() => readKubeFile('f', text), { code: 'INVALID_ARGUMENT' })
  })

for (const path of ['../x', '/x', 'a/../b'])
  t.test(`no item leads out: ${path}`, async (t) => {
    const map = { kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: 'v' } }
    const volumes = [{ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path }] } }]
    t.throws(() => wordsOf({ containers: [plain], volumes }, [map]), { code: 'INVALID_ARGUMENT' })
  })

t.test('quantities', async (t) => {
  for (const [text, value] of [
    ['500m', 0.5],
    ['64Mi', 67_108_864],
    ['1e3', 1000],
    ['2', 2],
    [1.5, 1.5],
    ['1k', 1000],
  ] as const)
    t.equal(parseQuantity(text), value, String(text))
  for (const text of ['', 'x', '1 Mi', '-1', '1mi'])
    t.throws(() => parseQuantity(text), { code: 'INVALID_ARGUMENT' })
  t.equal(expand('$(A)$(B)$$', new Map([['A', 'x']])), 'x$(B)$')
})
