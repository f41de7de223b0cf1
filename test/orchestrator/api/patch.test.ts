import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { distFolder } from '../../../native/paths.ts'
import type { Json, JsonObject } from '../../../orchestrator/api/object.ts'
import { applyJsonPatch } from '../../../orchestrator/api/patch/json-patch.ts'
import { applyMergePatch } from '../../../orchestrator/api/patch/merge-patch.ts'
import { applyStrategicMerge } from '../../../orchestrator/api/patch/strategic-merge.ts'
import type { Schemas } from '../../../orchestrator/api/schema.ts'

const schemas = JSON.parse(
  readFileSync(join(distFolder, 'kubernetes-schemas.json'), 'utf8'),
) as Schemas

const jsonRows: { name: string; target: Json; patch: Json; want: Json }[] = [
  {
    name: 'add a field',
    target: { a: 1 },
    patch: [{ op: 'add', path: '/b', value: 2 }],
    want: { a: 1, b: 2 },
  },
  {
    name: 'add into a list',
    target: [1, 3],
    patch: [{ op: 'add', path: '/1', value: 2 }],
    want: [1, 2, 3],
  },
  {
    name: 'append to a list',
    target: [1],
    patch: [{ op: 'add', path: '/-', value: 2 }],
    want: [1, 2],
  },
  {
    name: 'remove',
    target: { a: { b: 1, c: 2 } },
    patch: [{ op: 'remove', path: '/a/b' }],
    want: { a: { c: 2 } },
  },
  {
    name: 'replace the whole',
    target: { a: 1 },
    patch: [{ op: 'replace', path: '', value: [] }],
    want: [],
  },
  {
    name: 'move',
    target: { a: 1 },
    patch: [{ op: 'move', from: '/a', path: '/b' }],
    want: { b: 1 },
  },
  {
    name: 'copy is a copy',
    target: { a: [1] },
    patch: [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/-', value: 2 },
    ],
    want: { a: [1], b: [1, 2] },
  },
  {
    name: 'escapes in a pointer',
    target: { 'a/b': 1, 'c~d': 2 },
    patch: [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/c~0d' },
    ],
    want: {},
  },
  {
    name: 'a field called __proto__ is a field',
    target: {},
    patch: [{ op: 'add', path: '/__proto__', value: 1 }],
    want: JSON.parse('{"__proto__":1}') as Json,
  },
]
for (const { name, target, patch, want } of jsonRows)
  t.test(`JSON patch: ${name}`, async (t) => {
    const before = JSON.stringify(target)
    t.equal(JSON.stringify(applyJsonPatch(target, patch)), JSON.stringify(want))
    t.equal(JSON.stringify(target), before, 'the target is left alone')
  })

const refused: { name: string; patch: Json; malformed: boolean }[] = [
  { name: 'no list', patch: {}, malformed: true },
  { name: 'an operation that nobody knows', patch: [{ op: 'x', path: '/a' }], malformed: true },
  { name: 'a path that is no pointer', patch: [{ op: 'remove', path: 'a' }], malformed: true },
  { name: 'remove of what is not there', patch: [{ op: 'remove', path: '/b' }], malformed: false },
  {
    name: 'replace of what is not there',
    patch: [{ op: 'replace', path: '/b', value: 1 }],
    malformed: false,
  },
  { name: 'a test that fails', patch: [{ op: 'test', path: '/a', value: 2 }], malformed: false },
  { name: 'inherited fields', patch: [{ op: 'remove', path: '/constructor' }], malformed: false },
]
for (const { name, patch, malformed } of refused)
  t.test(`JSON patch refuses ${name}`, async (t) =>
    t.throws(() => applyJsonPatch({ a: 1 }, patch), { name: 'PatchError', malformed }),
  )

t.test('merge patch: the example of the specification', async (t) => {
  const target = {
    title: 'Goodbye!',
    author: { givenName: 'John', familyName: 'Doe' },
    tags: ['a', 'b'],
    content: 'x',
  }
  const patch = { title: 'Hello!', phoneNumber: '+01', author: { familyName: null }, tags: ['a'] }
  t.same(applyMergePatch(target, patch), {
    title: 'Hello!',
    author: { givenName: 'John' },
    tags: ['a'],
    content: 'x',
    phoneNumber: '+01',
  })
})

const pod = (...containers: JsonObject[]): JsonObject => ({ spec: { containers } })
const c = (name: string, image: string): JsonObject => ({ name, image })

const strategicRows: {
  name: string
  kind: string
  target: JsonObject
  patch: JsonObject
  want: JsonObject
}[] = [
  {
    name: 'an item is merged by its name',
    kind: 'core.v1.Pod',
    target: pod(c('a', '1'), c('b', '1')),
    patch: pod({ name: 'b', image: '2' }),
    want: pod(c('a', '1'), c('b', '2')),
  },
  {
    name: 'a new item comes last',
    kind: 'core.v1.Pod',
    target: pod(c('a', '1')),
    patch: pod(c('b', '1')),
    want: pod(c('a', '1'), c('b', '1')),
  },
  {
    name: 'an item is deleted',
    kind: 'core.v1.Pod',
    target: pod(c('a', '1'), c('b', '1')),
    patch: pod({ name: 'a', $patch: 'delete' }),
    want: pod(c('b', '1')),
  },
  {
    name: 'a list is replaced',
    kind: 'core.v1.Pod',
    target: pod(c('a', '1')),
    patch: pod({ $patch: 'replace' }, c('z', '9')),
    want: pod(c('z', '9')),
  },
  {
    name: 'the order of items',
    kind: 'core.v1.Pod',
    target: pod(c('a', '1'), c('b', '1')),
    patch: {
      spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [] },
    },
    want: pod(c('b', '1'), c('a', '1')),
  },
  {
    name: 'what only the server has keeps its place',
    kind: 'core.v1.Pod',
    target: pod(c('s', '1'), c('a', '1')),
    patch: {
      spec: {
        '$setElementOrder/containers': [{ name: 'a' }, { name: 'n' }],
        containers: [c('n', '1')],
      },
    },
    want: pod(c('s', '1'), c('a', '1'), c('n', '1')),
  },
  {
    name: 'null removes',
    kind: 'core.v1.Node',
    target: { spec: { unschedulable: true, podCIDR: 'x' } },
    patch: { spec: { unschedulable: null } },
    want: { spec: { podCIDR: 'x' } },
  },
  {
    name: 'an atomic list is replaced',
    kind: 'core.v1.Pod',
    target: { spec: { tolerations: [{ key: 'a' }] } },
    patch: { spec: { tolerations: [{ key: 'b' }] } },
    want: { spec: { tolerations: [{ key: 'b' }] } },
  },
  {
    name: 'finalizers are a set',
    kind: 'core.v1.Pod',
    target: { metadata: { finalizers: ['a'] } },
    patch: { metadata: { finalizers: ['a', 'b'] } },
    want: { metadata: { finalizers: ['a', 'b'] } },
  },
  {
    name: 'values of a set are deleted',
    kind: 'core.v1.Pod',
    target: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    want: { metadata: { finalizers: ['b'] } },
  },
  {
    name: 'keys that are not retained go',
    kind: 'apps.v1.Deployment',
    target: { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
    patch: { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    want: { spec: { strategy: { type: 'Recreate' } } },
  },
  {
    name: 'ports of a service merge by port',
    kind: 'core.v1.Service',
    target: { spec: { ports: [{ port: 80, name: 'a' }] } },
    patch: { spec: { ports: [{ port: 80, name: 'b' }] } },
    want: { spec: { ports: [{ port: 80, name: 'b' }] } },
  },
]
for (const { name, kind, target, patch, want } of strategicRows)
  t.test(`strategic merge: ${name}`, async (t) => {
    const before = structuredClone(target)
    t.same(applyStrategicMerge(schemas, schemas[`io.k8s.api.${kind}`]!, target, patch), want)
    t.same(target, before, 'the target is left alone')
  })

t.test('strategic merge refuses an item without its key', async (t) =>
  t.throws(
    () =>
      applyStrategicMerge(schemas, schemas['io.k8s.api.core.v1.Pod']!, pod(), pod({ image: 'x' })),
    { name: 'PatchError' },
  ),
)
