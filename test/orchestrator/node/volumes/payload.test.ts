import t from 'tap'
import type { JsonObject, KubeObject } from '../../../../orchestrator/api/object.ts'
import { collectPayload } from '../../../../orchestrator/node/volumes/payload.ts'
import { facts, podWith, sourcesOf } from '../pod-fixture.ts'

const objects: KubeObject[] = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop' },
    data: { color: 'blue', size: '3' },
    binaryData: { raw: 'AP8=' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keys', namespace: 'shop' },
    data: { key: '/w==' },
  },
]

const usual = { containers: [{ name: 'web', resources: { limits: { cpu: '500m' } } }] }

async function filesOf(
  volume: JsonObject,
  spec: JsonObject = usual,
): Promise<Record<string, [string, number]>> {
  const wish = { pod: podWith(spec), facts, sources: sourcesOf(objects) }
  const files = await collectPayload(wish, { name: 'v', ...volume })
  return Object.fromEntries(
    Array.from(files, ([path, { data, mode }]) => [path, [data.toString('latin1'), mode]]),
  )
}

const token = { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }

const accepted: {
  name: string
  volume: JsonObject
  spec?: JsonObject
  want: Record<string, [string, number]>
}[] = [
  {
    name: 'a whole ConfigMap, text and bytes',
    volume: { configMap: { name: 'settings' } },
    want: { color: ['blue', 0o644], size: ['3', 0o644], raw: ['\0ÿ', 0o644] },
  },
  {
    name: 'chosen keys, with modes of the volume and of their own',
    volume: {
      configMap: {
        name: 'settings',
        defaultMode: 0o440,
        items: [
          { key: 'color', path: 'a/b' },
          { key: 'size', path: 'c', mode: 0o600 },
        ],
      },
    },
    want: { 'a/b': ['blue', 0o440], c: ['3', 0o600] },
  },
  {
    name: 'a Secret, decoded',
    volume: { secret: { secretName: 'keys' } },
    want: { key: ['ÿ', 0o644] },
  },
  {
    name: 'an optional Secret that is not there',
    volume: { secret: { secretName: 'nope', optional: true } },
    want: {},
  },
  {
    name: 'optional items that are not there',
    volume: {
      configMap: { name: 'settings', optional: true, items: [{ key: 'nope', path: 'nope' }] },
    },
    want: {},
  },
  {
    name: 'fields of the pod, its maps quoted',
    volume: {
      downwardAPI: {
        items: [
          { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
          { path: 'notes', fieldRef: { fieldPath: 'metadata.annotations' } },
          {
            path: 'cpu',
            resourceFieldRef: { containerName: 'web', resource: 'limits.cpu', divisor: '1m' },
          },
        ],
      },
    },
    want: {
      labels: ['app="web"\napp.kubernetes.io/name="web"', 0o644],
      notes: [String.raw`note="say \"hi\"\nbye"`, 0o644],
      cpu: ['500', 0o644],
    },
  },
  {
    name: 'several sources in one folder, as every pod has for its service account',
    volume: {
      projected: {
        defaultMode: 0o640,
        sources: [
          token,
          { configMap: { name: 'settings', items: [{ key: 'color', path: 'ca.crt' }] } },
          {
            downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] },
          },
        ],
      },
    },
    want: { token: ['token for ', 0o640], 'ca.crt': ['blue', 0o640], ns: ['shop', 0o640] },
  },
  {
    name: 'a token that only the group may read',
    volume: { projected: { sources: [token] } },
    spec: { ...usual, securityContext: { fsGroup: 5 } },
    want: { token: ['token for ', 0o600] },
  },
]

for (const { name, volume, spec, want } of accepted)
  t.test(name, async (t) => {
    t.same(await filesOf(volume, spec), want)
  })

t.test('a token belongs to the user that all containers run as', async (t) => {
  const pod = podWith({
    securityContext: { runAsUser: 7 },
    containers: [{ name: 'a' }, { name: 'b', securityContext: { runAsUser: 7 } }],
  })
  const volume = { name: 'v', projected: { sources: [token] } }
  const files = await collectPayload({ pod, facts, sources: sourcesOf([]) }, volume)
  t.match(files.get('token'), { uid: 7, mode: 0o600 })
})

const refused: { name: string; volume: JsonObject; step: string }[] = [
  {
    name: 'a ConfigMap that is not there',
    volume: { configMap: { name: 'nope' } },
    step: 'configmap "nope" not found',
  },
  {
    name: 'a Secret that is not there',
    volume: { secret: { secretName: 'nope' } },
    step: 'secret "nope" not found',
  },
  {
    name: 'a key that is not there',
    volume: { configMap: { name: 'settings', items: [{ key: 'nope', path: 'a' }] } },
    step: 'references non-existent config key: nope',
  },
  {
    name: 'a key of a Secret that is not there',
    volume: { secret: { secretName: 'keys', items: [{ key: 'nope', path: 'a' }] } },
    step: 'references non-existent secret key: nope',
  },
  {
    name: 'several at once',
    volume: {
      projected: { sources: [{ configMap: { name: 'nope' } }, { secret: { name: 'nope' } }] },
    },
    step: '[configmap "nope" not found, secret "nope" not found]',
  },
]

for (const { name, volume, step } of refused)
  t.test(`refuses ${name}`, async (t) => {
    await t.rejects(filesOf(volume), { code: 'NOT_FOUND', step })
  })
