import t from 'tap'
import { openApi } from './api-under-test.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const widgets = '/apis/example.com/v1/namespaces/default/widgets'
const merge = { 'content-type': 'application/merge-patch+json' }

const definition = (name = 'widgets.example.com') => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['color'],
                properties: {
                  size: { type: 'integer', minimum: 1, default: 3 },
                  color: { type: 'string', enum: ['red', 'blue'] },
                  note: { type: 'string' },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
              status: { type: 'object', properties: { ready: { type: 'boolean' } } },
            },
          },
        },
      },
    ],
  },
})
const widget = (spec: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'w' },
  spec,
})

t.test('a definition is served at once, and its kind behaves as others', async (t) => {
  const { send } = await openApi(t)
  t.match(await send('POST', definitions, definition()), {
    code: 201,
    body: {
      status: { conditions: [{ type: 'NamesAccepted' }, { type: 'Established', status: 'True' }] },
    },
  })
  t.match((await send('GET', '/apis/example.com/v1')).body, {
    resources: [{ name: 'widgets' }, { name: 'widgets/status' }],
  })
  t.equal((await send('GET', '/openapi/v3/apis/example.com/v1')).code, 200)
  const made = await send(
    'POST',
    widgets,
    widget({ color: 'red', note: 'x', free: { any: 1 }, odd: 1 }),
  )
  t.match(made, { code: 201, warnings: ['unknown field "spec.odd"'] })
  t.same(made.body['spec'], { color: 'red', note: 'x', free: { any: 1 }, size: 3 })
  const wrong = await send('POST', widgets, {
    ...widget({ color: 'green', size: 0 }),
    metadata: { name: 'x' },
  })
  t.match(
    wrong.body['message'],
    /spec\.color: Unsupported value: "green".*spec\.size: Invalid value: 0/,
  )
  const patched = await send('PATCH', `${widgets}/w`, { spec: { note: null } }, merge)
  t.same(
    patched.body['spec'],
    { color: 'red', free: { any: 1 }, size: 3 },
    'a field that is taken away is gone',
  )
  const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
  t.equal((await send('PATCH', `${widgets}/w`, {}, strategic)).code, 415)
  const status = await send(
    'PATCH',
    `${widgets}/w/status`,
    { spec: { size: 9 }, status: { ready: true } },
    merge,
  )
  t.match(status.body, { spec: { size: 3 }, status: { ready: true }, metadata: { generation: 2 } })
  const table = await send('GET', widgets, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  })
  t.equal(table.code, 200)
})

t.test('with a definition go its objects', async (t) => {
  const { send } = await openApi(t)
  await send('POST', definitions, definition())
  await send('POST', widgets, widget({ color: 'red' }))
  t.equal((await send('DELETE', `${definitions}/widgets.example.com`)).code, 200)
  t.equal((await send('GET', widgets)).code, 404)
  await send('POST', definitions, definition())
  t.same((await send('GET', widgets)).body['items'], [])
})

t.test('a definition whose name is not what it defines is refused', async (t) => {
  const { send } = await openApi(t)
  t.match((await send('POST', definitions, definition('things.example.com'))).body, {
    reason: 'Invalid',
  })
  t.equal((await send('GET', widgets)).code, 404)
})
