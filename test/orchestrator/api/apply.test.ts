import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { distFolder } from '../../../native/paths.ts'
import { applyObject } from '../../../orchestrator/api/apply/apply-object.ts'
import {
  decodeFields,
  describePath,
  encodeFields,
} from '../../../orchestrator/api/apply/field-path.ts'
import { recordUpdate } from '../../../orchestrator/api/apply/managed-fields.ts'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { Schemas } from '../../../orchestrator/api/schema.ts'

const schemas = JSON.parse(
  readFileSync(join(distFolder, 'kubernetes-schemas.json'), 'utf8'),
) as Schemas
const schema = schemas['io.k8s.api.core.v1.Pod']!
const time = '2026-01-01T00:00:00Z'

const by = (name: string) => ({ name, operation: 'Apply', apiVersion: 'v1' }) as const
const pod = (spec: KubeObject['spec'], labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', ...(labels ? { labels } : {}) },
  spec: spec!,
})
const empty = (): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } })
const container = (name: string, image: string) => ({ name, image })

function apply(current: KubeObject, wanted: KubeObject, manager: string, force = false) {
  return applyObject(schemas, schema, current, wanted, by(manager), force, time)
}

t.test('fields are written and read as managedFields has them', async (t) => {
  const { object } = apply(empty(), pod({ containers: [container('c', 'x')] }, { l: '1' }), 'm')
  const tree = object.metadata.managedFields?.[0]?.fieldsV1
  t.same(tree, {
    'f:metadata': { 'f:labels': { 'f:l': {} } },
    'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
  })
  t.same(encodeFields(decodeFields(tree)), tree)
})

t.test('the same again changes nothing', async (t) => {
  const wanted = pod({ containers: [container('c', 'x')] })
  const once = apply(empty(), wanted, 'm').object
  t.same(apply(once, wanted, 'm').object, once)
})

t.test('two managers own different items of one list', async (t) => {
  const one = apply(empty(), pod({ containers: [container('a', '1')] }), 'one').object
  const both = apply(one, pod({ containers: [container('b', '2')] }), 'two').object
  t.same(both.spec?.['containers'], [container('a', '1'), container('b', '2')])
  const less = apply(both, pod({ nodeName: 'n' }), 'one').object
  t.same(
    less.spec,
    { containers: [container('b', '2')], nodeName: 'n' },
    'what only one owned is gone',
  )
})

t.test('another value is a conflict, unless it is taken by force', async (t) => {
  const one = apply(empty(), pod({ nodeName: 'a' }), 'one').object
  const { conflicts, object } = apply(one, pod({ nodeName: 'b' }), 'two')
  t.same(
    conflicts.map(({ entry, path }) => [entry.manager, describePath(path)]),
    [['one', '.spec.nodeName']],
  )
  t.equal(object, one, 'nothing is changed')
  const taken = apply(one, pod({ nodeName: 'b' }), 'two', true).object
  t.equal(taken.spec?.['nodeName'], 'b')
  t.same(
    taken.metadata.managedFields?.map(({ manager }) => manager),
    ['two'],
  )
})

t.test('the same value is shared, and stays until the last lets go', async (t) => {
  const wanted = pod({ nodeName: 'a', hostname: 'h' })
  const both = apply(apply(empty(), wanted, 'one').object, wanted, 'two').object
  const one = apply(both, pod({ hostname: 'h' }), 'one').object
  t.equal(one.spec?.['nodeName'], 'a')
  t.equal(apply(one, pod({ hostname: 'h' }), 'two').object.spec?.['nodeName'], undefined)
})

t.test('an update takes what it changes', async (t) => {
  const current = apply(empty(), pod({ nodeName: 'a', hostname: 'h' }), 'one').object
  const object = structuredClone(current)
  object.spec!['nodeName'] = 'b'
  const editor = { name: 'editor', operation: 'Update', apiVersion: 'v1' } as const
  recordUpdate(schemas, schema, object, current, editor, time)
  t.same(
    object.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
    [
      ['one', { 'f:spec': { 'f:hostname': {} } }],
      ['editor', { 'f:spec': { 'f:nodeName': {} } }],
    ],
  )
})
