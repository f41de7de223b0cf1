import { apiVersionOf } from '../../../orchestrator/api/kind.ts'
import type { Kind } from '../../../orchestrator/api/kind.ts'
import { isObject } from '../../../orchestrator/api/object.ts'
import type { Json, JsonObject } from '../../../orchestrator/api/object.ts'
import { resolveSchema } from '../../../orchestrator/api/schema.ts'
import type { Schema, Schemas } from '../../../orchestrator/api/schema.ts'
import { pick } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'

// Objects as the schemas of their kinds have them: right enough to be taken often, odd enough to be worth it.

export const objectNames = ['a', 'b', 'c', 'd-1', 'e', 'n1', 'n2', 'default'] as const

const labels = ['a', 'b', 'app', 'kubernetes.io/hostname', 'example.com/x'] as const
const resources = [
  'cpu',
  'memory',
  'ephemeral-storage',
  'example.com/x',
  'hugepages-2Mi',
  'pods',
] as const
const quantities = [
  '0',
  '1',
  '100m',
  '1Gi',
  '0.5',
  '1e3',
  '-1',
  '9E',
  '1e400',
  '0e999',
  '.5',
  1,
  1.5,
]
const integers = [0, 1, 1, 2, 3, 80, 100, -1, 65_535, 2 ** 31 - 1]
const longIntegers = [...integers, 2 ** 53, 2 ** 62, -(2 ** 62)]
const times = [
  '2026-01-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '2026-01-01T00:00:00.123456+14:00',
]
/** More of these and a controller makes objects without end, as it should. */
const counts = new Set(['replicas', 'parallelism', 'completions', 'minReplicas', 'maxReplicas'])

const textsByField: Readonly<Record<string, readonly string[]>> = {
  name: objectNames,
  namespace: ['default', 'default', 'other', 'nowhere', ''],
  image: ['x', 'x:1', 'example.com/x@sha256:0', ' '],
  kind: ['Pod', 'Deployment', 'ReplicaSet', 'Node', 'Job', 'ConfigMap', 'User', 'Nothing'],
  apiVersion: ['v1', 'apps/v1', 'batch/v1', 'x/y/z'],
  uid: ['u', ''],
  key: labels,
  topologyKey: labels,
  operator: ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Equal', 'Odd'],
  effect: ['NoSchedule', 'NoExecute', 'PreferNoSchedule', ''],
  schedule: [
    '* * * * *',
    '*/5 0 1-31/2 1,2 0',
    '@hourly',
    '0 0 30 2 *',
    '99 * * * *',
    '*/0 * * * *',
    '1-0 * * * *',
  ],
  timeZone: ['UTC', 'Europe/Berlin', 'No/Where', ''],
  nodeName: ['n1', 'n2', 'gone'],
  schedulerName: ['default-scheduler', 'other'],
  serviceAccountName: ['default'],
  group: ['example.com', 'apps'],
  status: ['True', 'False', 'Unknown'],
  phase: ['Pending', 'Running', 'Succeeded', 'Failed', 'Odd'],
  type: [
    'ClusterIP',
    'NodePort',
    'ExternalName',
    'RollingUpdate',
    'Recreate',
    'OnDelete',
    'Opaque',
    'Ready',
    'Container',
    'Utilization',
  ],
  restartPolicy: ['Always', 'OnFailure', 'Never'],
  fieldPath: [
    'metadata.name',
    'spec.nodeName',
    "metadata.labels['a']",
    'a.b',
    "metadata.labels['",
    '..',
  ],
  jsonPath: ['.spec.a', '.metadata.name', '.a[0]', ".a['b", '.a[?(@.b=="c")].d', '['],
  scope: ['Namespaced', 'Cluster'],
  cidr: ['10.0.0.0/8', '10.0.0.1', '::/0', 'x'],
  expression: ['true', '((('],
}
const texts = [
  '',
  'a',
  'x',
  'b',
  'a-b',
  'a/b',
  '/a',
  '../a',
  '10.0.0.1',
  '::1',
  'fe80::1%eth0',
  '80',
  'http',
  '50%',
  'ü',
  '\u{1f600}',
  'constructor',
  '__proto__',
  'a'.repeat(300),
  '$(A)',
  '$(',
  '%s%n',
  '\0',
  '\ud800',
  'a\nb',
]

interface Making {
  readonly random: Random
  readonly schemas: Schemas
}

const chance = (random: Random, share: number): boolean => random() < share

function makeText({ random }: Making, field: string, { format, enum: values }: Schema): string {
  if (format === 'date-time') return pick(random, times)
  if (format === 'byte') return Buffer.from(pick(random, texts)).toString('base64')
  if (values && values.length > 0 && chance(random, 0.95)) return pick(random, values)
  const known = Object.hasOwn(textsByField, field) ? textsByField[field] : undefined
  if (known && chance(random, 0.95)) return pick(random, known)
  return pick(random, chance(random, 0.7) ? ['a', 'b', 'x', 'a-b'] : texts)
}

function makeMap(making: Making, field: string, item: Schema, depth: number): JsonObject {
  const { random } = making
  const keys = /limits|requests|hard|capacity|allocatable|used/.test(field) ? resources : labels
  const chosen = chance(random, 0.95) ? keys : ['__proto__', 'constructor', '', 'A_b', '..']
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 3) }, () => [
      pick(random, chosen),
      makeValue(making, field, item, depth + 1),
    ]),
  ) as JsonObject
}

function makeScalar(making: Making, field: string, own: Schema): Json {
  const { random } = making
  switch (own.type) {
    case 'integer': {
      const most = counts.has(field)
        ? [0, 1, 2, 3, -1]
        : own.format === 'int64'
          ? longIntegers
          : integers
      return pick(random, most)
    }
    case 'number':
      return pick(random, [0, 1.5, -1, 1e300])
    case 'boolean':
      return chance(random, 0.5)
    default:
      return makeText(making, field, own)
  }
}

function makeValue(making: Making, field: string, place: Schema, depth: number): Json {
  const { random, schemas } = making
  const own = resolveSchema(schemas, place)
  if (own.format === 'int-or-string')
    return pick(random, [1, 80, '50%', '1', 'http', '-5%', 'x', 0])
  if (own.oneOf) return pick(random, quantities)
  if (own.type === 'array')
    return Array.from({ length: Math.floor(random() * 3) + (depth < 5 ? 1 : 0) }, () =>
      makeValue(making, field, own.items ?? {}, depth + 1),
    )
  if (own.type !== 'object' && own.type !== undefined) return makeScalar(making, field, own)
  if (own.properties) return makeFields(making, own, depth)
  if (isObject(own.additionalProperties))
    return makeMap(making, field, own.additionalProperties, depth)
  return pick<Json>(random, [{}, { a: { b: [1, null, 'x'] } }, { kind: 'Pod', metadata: 5 }])
}

function makeFields(making: Making, own: Schema, depth: number): JsonObject {
  const { random } = making
  const share = depth === 0 ? 0.6 : depth < 3 ? 0.3 : depth < 12 ? 0.12 : 0
  const wanted = Object.entries(own.properties ?? {}).filter(
    ([name]) =>
      name !== 'metadata' &&
      (depth < 30 && (own.required?.includes(name) ?? false)
        ? chance(random, 0.98)
        : chance(random, share)),
  )
  return Object.fromEntries(
    wanted.map(([name, place]) => [name, makeValue(making, name, place, depth + 1)]),
  ) as JsonObject
}

function makeMetadata(making: Making, kind: Kind, name: string): JsonObject {
  const { random, schemas } = making
  if (chance(random, 0.6)) return { name, labels: { a: 'b' } }
  const schema = resolveSchema(schemas, { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' })
  const { namespace: _n, resourceVersion: _r, generateName, ...all } = makeFields(making, schema, 1)
  // Owners in circles, of themselves, of kinds that are not.
  const owner = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: pick(random, objectNames),
    uid: pick(random, ['u', 'v']),
  }
  return {
    ...all,
    name,
    ...(generateName && chance(random, 0.1) ? { generateName } : {}),
    ...(chance(random, 0.3)
      ? {
          ownerReferences: [
            { ...owner, controller: chance(random, 0.5), blockOwnerDeletion: true },
          ],
        }
      : {}),
  }
}

/** What selects and what is selected have to agree, or nothing of it is ever taken. */
function agree(random: Random, object: JsonObject): void {
  const { spec } = object
  if (!isObject(spec) || !isObject(spec['template']) || chance(random, 0.05)) return
  const { template } = spec
  const metadata = isObject(template['metadata']) ? template['metadata'] : {}
  template['metadata'] = { ...metadata, labels: { a: 'b' } }
  if (object['kind'] !== 'Job')
    spec['selector'] =
      object['kind'] === 'ReplicationController' ? { a: 'b' } : { matchLabels: { a: 'b' } }
}

/** An object of a kind. */
export function makeObject(random: Random, schemas: Schemas, kind: Kind, name: string): JsonObject {
  const making = { random, schemas }
  const schema = resolveSchema(schemas, { $ref: kind.definition })
  const object: JsonObject = {
    ...makeFields(making, schema, 0),
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: makeMetadata(making, kind, name),
  }
  agree(random, object)
  if (kind.kind === 'CustomResourceDefinition') nameDefinition(object)
  return object
}

function nameDefinition(definition: JsonObject): void {
  const spec = isObject(definition['spec']) ? definition['spec'] : (definition['spec'] = {})
  spec['group'] = 'example.com'
  spec['names'] = { plural: 'foos', kind: 'Foo' }
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isObject) : []
  spec['versions'] = versions.map((one, index) => ({
    ...one,
    name: `v${index + 1}`,
    served: true,
    storage: index === 0,
  }))
}
