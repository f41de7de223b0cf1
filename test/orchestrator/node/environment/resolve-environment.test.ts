import t from 'tap'
import type { JsonObject, KubeObject } from '../../../../orchestrator/api/object.ts'
import {
  expandArguments,
  resolveEnvironment,
} from '../../../../orchestrator/node/environment/resolve-environment.ts'
import { facts, podWith, sourcesOf } from '../pod-fixture.ts'

const objects: KubeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop' },
    data: { COLOR: 'blue', 'with.dots': 'yes' },
    binaryData: { raw: 'AAE=' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keys', namespace: 'shop' },
    data: { password: Buffer.from('pä$(COLOR)').toString('base64') },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-db', namespace: 'shop' },
    spec: { clusterIP: '10.96.3.4', ports: [{ name: 'pg-main', port: 5432, protocol: 'TCP' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'headless', namespace: 'shop' },
    spec: { clusterIP: 'None', ports: [{ port: 1 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default' },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'elsewhere', namespace: 'default' },
    spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }] },
  },
]

async function environmentOf(
  container: JsonObject,
  spec: JsonObject = { enableServiceLinks: false },
): Promise<Record<string, string>> {
  const own = { name: 'web', ...container }
  const pod = podWith({ ...spec, containers: [own] })
  const sources = sourcesOf(objects)
  const found = await resolveEnvironment({ pod, container: own, facts, sources })
  return Object.fromEntries(
    found
      .filter(({ name }) => !name.startsWith('KUBERNETES_'))
      .map(({ name, value }) => [name, value]),
  )
}

const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } })
const resource = (reference: JsonObject) => ({ valueFrom: { resourceFieldRef: reference } })

const resolved: { name: string; container: JsonObject; want: Record<string, string> }[] = [
  {
    name: 'a later variable sees an earlier one, never the other way round',
    container: {
      env: [
        { name: 'B', value: '[$(A)]' },
        { name: 'A', value: 'x' },
        { name: 'C', value: '<$(A)> $$(A) $(' },
      ],
    },
    want: { B: '[$(A)]', A: 'x', C: '<x> $(A) $(' },
  },
  {
    name: 'env wins over envFrom, which is expanded from',
    container: {
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }],
      env: [{ name: 'P_COLOR', value: 'not $(P_COLOR)' }],
    },
    want: { P_COLOR: 'not blue', 'P_with.dots': 'yes' },
  },
  {
    name: 'a secret is decoded and not expanded',
    container: {
      env: [{ name: 'PASS', valueFrom: { secretKeyRef: { name: 'keys', key: 'password' } } }],
    },
    want: { PASS: 'pä$(COLOR)' },
  },
  {
    name: 'what is optional and absent is left out',
    container: {
      envFrom: [{ secretRef: { name: 'nope', optional: true } }],
      env: [
        { name: 'X', valueFrom: { configMapKeyRef: { name: 'nope', key: 'a', optional: true } } },
        { name: 'Y', valueFrom: { secretKeyRef: { name: 'keys', key: 'a', optional: true } } },
      ],
    },
    want: {},
  },
  {
    name: 'fields of the pod',
    container: {
      env: [
        { name: 'NAME', ...field('metadata.name') },
        { name: 'LABEL', ...field("metadata.labels['app.kubernetes.io/name']") },
        { name: 'IP', ...field('status.podIP') },
        { name: 'HOSTS', ...field('status.hostIPs') },
        { name: 'NODE', ...field('spec.nodeName') },
      ],
    },
    want: {
      NAME: 'web-1',
      LABEL: 'web',
      IP: '10.244.1.7',
      HOSTS: '192.0.2.1,2001:db8::1',
      NODE: 'dev-1',
    },
  },
  {
    name: 'resources, rounded up to the divisor, the node where nothing is set',
    container: {
      resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
      env: [
        { name: 'MEMORY', ...resource({ resource: 'limits.memory', divisor: '1Mi' }) },
        { name: 'BYTES', ...resource({ resource: 'limits.memory' }) },
        { name: 'CPU', ...resource({ resource: 'requests.cpu' }) },
        { name: 'MILLI', ...resource({ resource: 'requests.cpu', divisor: '1m' }) },
        { name: 'NODE_CPU', ...resource({ resource: 'limits.cpu', divisor: '1' }) },
        { name: 'NONE', ...resource({ resource: 'requests.memory' }) },
      ],
    },
    want: { MEMORY: '64', BYTES: '67108864', CPU: '1', MILLI: '250', NODE_CPU: '4', NONE: '0' },
  },
]

for (const { name, container, want } of resolved)
  t.test(name, async (t) => {
    t.same(await environmentOf(container), want)
  })

const refused: { name: string; container: JsonObject; step: string }[] = [
  {
    name: 'a ConfigMap that is not there',
    container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'nope', key: 'a' } } }] },
    step: 'configmap "nope" not found',
  },
  {
    name: 'a Secret that is not there, whole',
    container: { envFrom: [{ secretRef: { name: 'nope' } }] },
    step: 'secret "nope" not found',
  },
  {
    name: 'a key that is not there',
    container: {
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }],
    },
    step: "couldn't find key a in ConfigMap shop/settings",
  },
  {
    name: 'a key that every object has',
    container: {
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'keys', key: 'constructor' } } }],
    },
    step: "couldn't find key constructor in Secret shop/keys",
  },
]

for (const { name, container, step } of refused)
  t.test(`refuses ${name}`, async (t) => {
    await t.rejects(environmentOf(container), { code: 'NOT_FOUND', step })
  })

t.test('services of the own namespace, and the API server', async (t) => {
  const own = { name: 'web', env: [{ name: 'URL', value: 'pg://$(MY_DB_SERVICE_HOST)' }] }
  const sources = sourcesOf(objects)
  const all = async (spec: JsonObject) => {
    const pod = podWith({ ...spec, containers: [own] })
    const found = await resolveEnvironment({ pod, container: own, facts, sources })
    return Object.fromEntries(found.map(({ name, value }) => [name, value]))
  }
  const linked = await all({})
  t.match(linked, {
    URL: 'pg://10.96.3.4',
    MY_DB_SERVICE_HOST: '10.96.3.4',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_SERVICE_PORT_PG_MAIN: '5432',
    MY_DB_PORT: 'tcp://10.96.3.4:5432',
    MY_DB_PORT_5432_TCP: 'tcp://10.96.3.4:5432',
    MY_DB_PORT_5432_TCP_PROTO: 'tcp',
    MY_DB_PORT_5432_TCP_PORT: '5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.96.3.4',
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
  })
  t.notOk(Object.keys(linked).some((name) => /^(HEADLESS|ELSEWHERE)/.test(name)))
  const unlinked = await all({ enableServiceLinks: false })
  t.equal(unlinked['KUBERNETES_SERVICE_HOST'], '10.96.0.1')
  t.equal(unlinked['MY_DB_SERVICE_HOST'], undefined)
  t.equal(unlinked['URL'], 'pg://$(MY_DB_SERVICE_HOST)')
})

t.test('a command is expanded with what the container sees', async (t) => {
  const variables = [{ name: 'A', value: '1' }]
  t.same(expandArguments(['$(A)', '$$(A)', '$(B)', '$A'], variables), ['1', '$(A)', '$(B)', '$A'])
})
