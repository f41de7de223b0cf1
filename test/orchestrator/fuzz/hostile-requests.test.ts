import t from 'tap'
import { openApi } from '../server/api-under-test.ts'
import { apply, configMap, configMaps, hostileRows, strategic } from './hostile-rows.ts'

// What counts is the time of the processor: other tests run beside this one.
const mostCpuMs = 5_000

t.test('each is answered, soon', { timeout: 300_000 }, async (t) => {
  const { send } = await openApi(t)
  for (const {
    title,
    method = 'POST',
    target,
    body,
    type = 'application/json',
    code,
  } of hostileRows) {
    const start = process.cpuUsage()
    const answer = await send(method, target, body, { 'content-type': type })
    const { user, system } = process.cpuUsage(start)
    t.equal(answer.code, code, title, { message: String(answer.body['message']).slice(0, 500) })
    const spent = (user + system) / 1000
    t.ok(spent < mostCpuMs, `${title}: in time`, { spent })
  }
})

t.test('a field named __proto__ is a field like any other', async (t) => {
  const { send } = await openApi(t)
  const patches = ['application/merge-patch+json', strategic, 'application/json-patch+json', apply]
  for (const [index, type] of patches.entries()) {
    const name = `p${index}`
    await send('POST', configMaps, configMap(name, { data: { a: 'b' } }))
    const body =
      type === 'application/json-patch+json'
        ? '[{"op":"add","path":"/data/__proto__","value":"x"}]'
        : `{"apiVersion":"v1","kind":"ConfigMap","data":{"__proto__":"x"}}`
    const target = `${configMaps}/${name}?fieldManager=m`
    t.match(await send('PATCH', target, body, { 'content-type': type }), { code: 200 }, type)
    const { body: read } = await send('GET', `${configMaps}/${name}`)
    t.strictSame(Object.entries(read['data'] as object), [
      ['a', 'b'],
      ['__proto__', 'x'],
    ])
  }
})

t.test('what has an odd name is listed too', async (t) => {
  const { send } = await openApi(t)
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
  for (const name of ['\u{10ffff}', 'a\0b', 'z'.repeat(100_000)]) {
    const metadata = { name, labels: { odd: 'yes' } }
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata,
      rules: [],
    }
    t.match(await send('POST', roles, role), { code: 201 })
    t.match(await send('GET', `${roles}/${encodeURIComponent(name)}`), { body: { metadata } })
  }
  const { body } = await send('GET', `${roles}?labelSelector=odd`)
  t.equal((body['items'] as unknown[]).length, 3)
})
