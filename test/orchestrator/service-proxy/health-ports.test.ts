import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { healthPortOf, openHealthPorts } from '../../../orchestrator/service-proxy/health-ports.ts'
import { openApi } from '../server/api-under-test.ts'

const slice = {
  endpoints: [
    { addresses: ['10.0.0.1'], nodeName: 'a', conditions: { ready: true } },
    { addresses: ['10.0.0.2'], nodeName: 'a', conditions: { ready: false } },
    { addresses: ['10.0.0.3'], nodeName: 'b', conditions: { ready: true } },
  ],
} as unknown as KubeObject
const service = (spec: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }) as KubeObject

t.test('pods on the node that are ready are counted', async (t) => {
  const asked = service({ healthCheckNodePort: 30_100 })
  t.same(healthPortOf(asked, [slice, slice], 'a'), { port: 30_100, localEndpoints: 1 })
  t.same(healthPortOf(asked, [slice], 'c'), { port: 30_100, localEndpoints: 0 })
  t.equal(healthPortOf(service({}), [slice], 'a'), undefined)
})

t.test('a load balancer is told', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const ports = openHealthPorts(['127.0.0.1'], (_what, error) => t.error(error))
  t.teardown(() => ports.stop())
  const ask = () => fetch(`http://127.0.0.1:${port}/healthz`)
  ports.set('shop/web', { port, localEndpoints: 2 })
  const up = await ask()
  t.equal(up.status, 200)
  t.equal(up.headers.get('x-load-balancing-endpoint-weight'), '2')
  t.match(await up.json(), { service: { namespace: 'shop', name: 'web' }, localEndpoints: 2 })
  ports.set('shop/web', { port, localEndpoints: 0 })
  t.equal((await ask()).status, 503)
  ports.set('shop/web', undefined)
  await t.rejects(ask())
})

t.test('the port is given with the service, and stays', async (t) => {
  const { send } = await openApi(t)
  const ports = [{ port: 80 }]
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports }
  const path = '/api/v1/namespaces/default/services'
  const portOf = ({ body }: { body: Record<string, unknown> }): unknown =>
    (body['spec'] as Record<string, unknown>)['healthCheckNodePort']
  const made = await send('POST', path, service(local))
  const given = portOf(made)
  t.ok(typeof given === 'number' && given >= 30_000 && given <= 32_767)
  const merge = { 'content-type': 'application/merge-patch+json' }
  const patch = (spec: object) => send('PATCH', `${path}/s`, { spec }, merge)
  t.equal(portOf(await patch({ sessionAffinity: 'ClientIP' })), given)
  t.equal((await patch({ healthCheckNodePort: 30_001 })).code, 422)
  t.equal(portOf(await patch({ externalTrafficPolicy: 'Cluster' })), undefined)
})
