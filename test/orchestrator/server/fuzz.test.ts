import t from 'tap'
import { openApi } from './api-under-test.ts'

// Bodies, paths, selectors and patches that nobody should send: each is refused or understood, none breaks the server,
// and what is refused has written nothing. The seed is fixed: a failure comes back.

const rounds = 3_000
const seed = 20_260_101

function makeRandom(start: number): () => number {
  let state = start
  // https://prng.di.unimi.it/splitmix64.c in 32 bits: good enough to choose by.
  return () => {
    state = (state + 0x9e_37_79_b9) | 0
    let value = state ^ (state >>> 16)
    value = Math.imul(value, 0x21_f0_aa_ad)
    value ^= value >>> 15
    value = Math.imul(value, 0x73_5a_2d_97)
    return ((value ^ (value >>> 15)) >>> 0) / 2 ** 32
  }
}

const random = makeRandom(seed)
const pick = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(random() * values.length)]!
const chance = (share: number): boolean => random() < share

const texts = [
  '',
  'a',
  'A_b',
  '..',
  '../x',
  '%2f',
  '\0',
  'ü',
  '__proto__',
  'constructor',
  'a'.repeat(300),
  '-1',
  '1e99',
  '{}',
  '$patch',
  'metadata.name',
  'default',
  'x',
]
const numbers = [0, -1, 1, 1.5, 2 ** 31, 2 ** 53, 1e308]
const fields = [
  'metadata',
  'name',
  'namespace',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'spec',
  'status',
  'containers',
  'template',
  'selector',
  'replicas',
  'ports',
  'data',
  '__proto__',
  'constructor',
  '$patch',
  '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers',
  '$retainKeys',
  'matchLabels',
  'image',
  'resources',
  'limits',
  'apiVersion',
  'kind',
]

function anyValue(depth: number): unknown {
  const kind = Math.floor(random() * (depth > 4 ? 4 : 7))
  if (kind === 0) return pick(texts)
  if (kind === 1) return pick(numbers)
  if (kind === 2) return null
  if (kind === 3) return chance(0.5)
  const items = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(depth + 1))
  if (kind === 4) return items
  return Object.fromEntries(items.map((item) => [pick(fields), item]))
}

/** Something right with something wrong in it. */
function damaged(value: unknown): unknown {
  if (chance(0.15)) return anyValue(0)
  if (Array.isArray(value)) return value.map(damaged)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, entry]) => [
    chance(0.05) ? pick(fields) : key,
    damaged(entry),
  ])
  if (chance(0.2)) entries.push([pick(fields), anyValue(1)])
  return Object.fromEntries(entries)
}

const kinds: readonly { path: string; object: object }[] = [
  {
    path: '/api/v1/namespaces/default/pods',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b' } },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'x',
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: '1' } },
          },
        ],
      },
    },
  },
  {
    path: '/apis/apps/v1/namespaces/default/deployments',
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'p' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        },
      },
    },
  },
  {
    path: '/api/v1/namespaces/default/services',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'p' },
      spec: { ports: [{ port: 80 }], type: 'NodePort' },
    },
  },
  {
    path: '/api/v1/namespaces',
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'p' } },
  },
  {
    path: '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers',
    object: {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'p' },
      spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'd' } },
    },
  },
  {
    path: '/apis/events.k8s.io/v1/namespaces/default/events',
    object: {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'p' },
      regarding: { kind: 'Pod' },
      eventTime: null,
    },
  },
]
const patchTypes = [
  'json-patch+json',
  'merge-patch+json',
  'strategic-merge-patch+json',
  'apply-patch+yaml',
].map((type) => `application/${type}`)
const bodyTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  ...patchTypes,
  'text/plain',
  '',
]
const suffixes = [
  '',
  '',
  '/p',
  '/p',
  '/p/status',
  '/p/scale',
  '/p/binding',
  '/p/eviction',
  '/p/finalize',
  '/p/ephemeralcontainers',
  '/p/nope',
  '/%',
  '/..',
  '//',
]
const queries = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'watch',
  'dryRun',
  'fieldValidation',
  'fieldManager',
  'force',
  'includeObject',
  'sendInitialEvents',
  'timeoutSeconds',
  'gracePeriodSeconds',
  'propagationPolicy',
]
const values = [
  ...texts,
  'true',
  'All',
  'Strict',
  '0',
  '5',
  'a=b',
  'a in (b,c',
  '!a',
  'a notin ()',
  'a==',
  ',,',
  'metadata.name=x',
  'Exact',
  '99999999999999999999',
]

function anyQuery(): string {
  const words = Array.from(
    { length: Math.floor(random() * 3) },
    () => `${pick(queries)}=${encodeURIComponent(pick(values))}`,
  )
  return words.join('&')
}

function anyPatch(): unknown {
  if (chance(0.5)) return damaged(pick(kinds).object)
  return Array.from({ length: Math.floor(random() * 4) }, () => ({
    op: pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'x', '']),
    path: pick([
      '',
      '/',
      '/spec',
      '/metadata/name',
      '/metadata/labels/a',
      '/spec/containers/0',
      '/spec/containers/-',
      '/__proto__/x',
      'spec',
      '/kind',
    ]),
    from: pick(['/spec', '/metadata', '', 5]),
    value: anyValue(2),
  }))
}

function anyBytes(object: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(object))
  const noise = Buffer.from(Array.from({ length: 60 }, () => Math.floor(random() * 256)))
  if (chance(0.3)) return Buffer.concat([Buffer.from('k8s\0'), noise])
  return chance(0.5) ? bytes.subarray(0, Math.floor(random() * bytes.length)) : noise
}

t.test('nothing breaks the server', { timeout: 120_000 }, async (t) => {
  const { send, store } = await openApi(t)
  const codes = new Map<number, number>()
  for (let round = 0; round < rounds; round++) {
    const { path, object: model } = pick(kinds)
    const object = chance(0.3) ? { ...model, metadata: { name: `p${round}` } } : model
    const method = pick([
      'GET',
      'POST',
      'POST',
      'POST',
      'PUT',
      'PATCH',
      'PATCH',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
    ])
    const usual = method === 'POST' ? '' : '/p'
    const target = `${path}${chance(0.7) ? usual : pick(suffixes)}?${chance(0.5) ? anyQuery() : ''}`
    const body = chance(0.15)
      ? anyBytes(object)
      : method === 'PATCH'
        ? anyPatch()
        : chance(0.5)
          ? object
          : damaged(object)
    const type = chance(0.2)
      ? pick(bodyTypes)
      : method === 'PATCH'
        ? pick(patchTypes)
        : 'application/json'
    const before = await store.currentRevision()
    const {
      code,
      body: answer,
      response,
    } = await send(method, target, body, { 'content-type': type })
    if ('stream' in response)
      response.stream({
        write: () => true,
        end: () => undefined,
        onDrain: () => undefined,
        onClose: (listener) => listener(),
      })
    codes.set(code, (codes.get(code) ?? 0) + 1)
    const isExpected = code < 500 || code === 504 || code === 503
    if (!isExpected) t.fail(`${code} at round ${round}`, { method, target, type, body, answer })
    if (code >= 400 && (await store.currentRevision()) !== before)
      t.fail(`refused and written at round ${round}`, { method, target, type, body, answer })
    if (code >= 400 && answer['kind'] !== 'Status')
      t.fail(`no Status at round ${round}`, { answer })
  }
  t.ok((codes.get(201) ?? 0) > 50 && (codes.get(200) ?? 0) > 50, 'some requests are right', {
    codes: [...codes],
  })
  t.comment(
    [...codes]
      .toSorted(([a], [b]) => a - b)
      .map(([code, count]) => `${code}: ${count}`)
      .join(', '),
  )
})
