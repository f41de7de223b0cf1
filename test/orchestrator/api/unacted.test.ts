import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtInKinds } from '../../../orchestrator/api/kinds/groups.ts'
import type { Kind } from '../../../orchestrator/api/kind.ts'
import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import type { Schema } from '../../../orchestrator/api/schema.ts'
import { findUnacted } from '../../../orchestrator/api/unacted/find-unacted.ts'
import { unactedFields, unactedKinds } from '../../../orchestrator/api/unacted/unacted-fields.ts'
import { builtInSchemas } from '../../../orchestrator/server/load-data.ts'

const core = { group: '', kind: 'Pod' }
const pod = (spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {},
  spec: spec as JsonObject,
})

t.test('fields that nothing acts on', async (t) => {
  const container = (more: object) => ({ containers: [{ name: 'a', image: 'b', ...more }] })
  const rows: [string, object, string[]][] = [
    ['none', container({ tty: true }), []],
    [
      'a volume of a kind that is not there',
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', nfs: { server: 'x', path: '/' } },
        ],
      },
      ['spec.volumes[1].nfs'],
    ],
    ['what asks for what happens anyway', container({ terminationMessagePolicy: 'File' }), []],
    [
      'what asks for something else',
      container({ terminationMessagePolicy: 'FallbackToLogsOnError', stdinOnce: false }),
      ['spec.containers[0].terminationMessagePolicy'],
    ],
    [
      'a part of a structure of which we read another',
      container({ securityContext: { runAsUser: 1, appArmorProfile: { type: 'Unconfined' } } }),
      ['spec.containers[0].securityContext.appArmorProfile'],
    ],
    ['an empty list', { resourceClaims: [] }, []],
  ]
  for (const [name, spec, paths] of rows) t.same(findUnacted(core, pod(spec)), paths, name)
})

t.test('only what changes is told again', async (t) => {
  const before = pod({ runtimeClassName: 'x', volumes: [{ name: 'b', nfs: { server: 'x' } }] })
  const after = pod({
    runtimeClassName: 'x',
    volumes: [
      { name: 'c', nfs: { server: 'y' } },
      { name: 'b', nfs: { server: 'x' } },
    ],
  })
  t.same(findUnacted(core, before, before), [])
  t.same(findUnacted(core, after, before), ['spec.volumes[0].nfs'])
})

t.test('values, whole objects, and schemas of custom kinds', async (t) => {
  const service = (type: string) => ({ ...pod({ type }), kind: 'Service' })
  const kind = { group: '', kind: 'Service' }
  t.same(findUnacted(kind, service('NodePort')), [])
  t.same(findUnacted(kind, service('LoadBalancer')), ['spec.type'])
  const ingress = { group: 'networking.k8s.io', kind: 'Ingress' }
  t.same(findUnacted(ingress, pod({})), [''])
  t.same(findUnacted(ingress, pod({}), pod({})), [], 'once, when it is made')
  const definition = {
    ...pod({
      versions: [
        {
          schema: { openAPIV3Schema: { properties: { a: { pattern: 'x' }, b: { pattern: 'y' } } } },
        },
      ],
    }),
    kind: 'CustomResourceDefinition',
  }
  t.same(findUnacted({ group: 'apiextensions.k8s.io', kind: definition.kind }, definition), [
    'spec.versions[0].schema.openAPIV3Schema.properties[a].pattern',
  ])
})

/** Everything that acts on objects. What only checks, fills in or shows them is not among it. */
const readers = [
  'scheduler',
  'controllers',
  'node',
  'service-proxy',
  'dns',
  'network',
  'server',
  'api/limits',
  'api/rbac',
  'api/custom',
  'api/volumes',
  'api/write',
]

function wordsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap(({ parentPath, name }) => {
      const text = readFileSync(join(parentPath, name), 'utf8')
      return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').match(/[A-Za-z0-9_]+/g) ?? []
    })
}

const root = join(import.meta.dirname, '../../../orchestrator')
const words = new Set(readers.flatMap((folder) => wordsOf(join(root, folder))))

/** They tell people something, or name what is done in one way only. Of old names nobody expects anything. */
const informs = new Set([
  'Node spec.externalID',
  'Node spec.providerID',
  'PriorityClass description',
  'CustomResourceDefinition spec.names.listKind',
  'EndpointSlice endpoints[].deprecatedTopology',
])
const kindsToCheck = `
Pod Service Node ConfigMap Secret ServiceAccount Namespace LimitRange ResourceQuota PersistentVolume PersistentVolumeClaim StorageClass PodTemplate Endpoints Deployment ReplicaSet DaemonSet StatefulSet Job CronJob PodDisruptionBudget PriorityClass EndpointSlice NetworkPolicy Ingress HorizontalPodAutoscaler Role RoleBinding CertificateSigningRequest`
  .trim()
  .split(' ')
/** Enforced when they are written, not read afterwards. */
const enforced = new Set(['immutable'])

/** Every field of a kind that no code reads: of one that is not read, what is below is not either. */
function unreadFields(kind: Kind): string[] {
  const schemas = builtInSchemas()
  const rows = new Set(unactedFields(kind).map(({ path }) => path))
  const found: string[] = []
  function visit(place: Schema, path: string, above: readonly string[]): void {
    if (rows.has(path)) return
    const { $ref } = place
    if ($ref !== undefined && above.includes($ref)) return
    const schema = $ref === undefined ? place : (schemas[$ref] ?? {})
    const inside = $ref === undefined ? above : [...above, $ref]
    if (schema.items) return visit(schema.items, `${path}[]`, inside)
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (['metadata', 'status', 'apiVersion', 'kind'].includes(name)) continue
      const at = path === '' ? name : `${path}.${name}`
      if (rows.has(at) || enforced.has(name) || informs.has(`${kind.kind} ${at}`)) continue
      if (words.has(name)) visit(field, at, inside)
      else found.push(at)
    }
  }
  visit({ $ref: kind.definition }, '', [])
  return found
}

t.test('each field is read, or has a row', async (t) => {
  for (const name of kindsToCheck) {
    const kind = builtInKinds.find((one) => one.kind === name)
    t.same(kind ? unreadFields(kind) : ['no such kind'], [], name)
  }
})

/** Fields with rows whose names also name something that is read. */
const sharedNames = new Set(
  'allowVolumeExpansion parameters claims ephemeral image name persistentVolumeClaim type service spec maxUnavailable webhook deprecated preserveUnknownFields tolerance external object pods'.split(
    ' ',
  ),
)

t.test('no row is of a field that is read', async (t) => {
  for (const key of unactedKinds) {
    const [group = '', kind = ''] = key.split('/')
    const fields = unactedFields({ group, kind })
    const known = builtInKinds.find((one) => one.group === group && one.kind === kind)
    t.ok(known, `${key} is a kind`)
    const names = fields.map(({ path }) => path.split('.').at(-1)!.replace('[]', ''))
    const read = names.filter((name) => words.has(name) && !sharedNames.has(name))
    t.same(read, [], key)
  }
})
