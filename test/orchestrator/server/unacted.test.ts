import t from 'tap'
import { openApi } from './api-under-test.ts'

const base = '/api/v1/namespaces/default'
const pod = (more: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'a', image: 'b' }], ...more },
})
const told = (field: string) => `${field}: stored, but nothing in this cluster acts on it yet`

t.test('who writes a field that nothing acts on is told', async (t) => {
  const { send } = await openApi(t)
  t.same((await send('POST', `${base}/pods`, pod({}))).warnings, [], 'none, and defaults are none')
  await send('DELETE', `${base}/pods/web`)
  const nfs = { volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] }
  const created = await send('POST', `${base}/pods?dryRun=All`, pod(nfs))
  t.same(created.warnings, [told('spec.volumes[0].nfs')])
  t.match(created.body, { spec: nfs }, 'and it is kept')
  const apply = { 'content-type': 'application/apply-patch+yaml' }
  const applied = await send(
    'PATCH',
    `${base}/pods/other?fieldManager=me`,
    { ...pod(nfs), metadata: { name: 'other' } },
    apply,
  )
  t.same(applied.warnings, [told('spec.volumes[0].nfs')], 'server-side apply')
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } }
  const balanced = { ...service, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } }
  t.same((await send('POST', `${base}/services`, balanced)).warnings, [told('spec.type')])
  const patched = await send(
    'PATCH',
    `${base}/services/web`,
    { metadata: { labels: { a: 'b' } } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.same(patched.warnings, [], 'not again, by who changes something else')
  const made = await send('POST', '/apis/storage.k8s.io/v1/csidrivers', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIDriver',
    metadata: { name: 'disk.example.com' },
    spec: {},
  })
  t.same(made.warnings, [told('CSIDriver')], 'an object of which nothing acts on anything')
})
