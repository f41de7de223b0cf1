import t from 'tap'
import { openApi } from './api-under-test.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } }

t.test('each write is a span, and agents add theirs', async (t) => {
  const { send } = await openApi(t)
  const created = await send('POST', maps, object)
  const { uid, resourceVersion } = created.body['metadata'] as Record<string, string>
  await send(
    'PATCH',
    `${maps}/a`,
    { data: { a: 'c' } },
    { 'content-type': 'application/merge-patch+json' },
  )
  await send('DELETE', `${maps}/a`)
  const span = {
    part: 'node/dev-1',
    action: 'mount volume',
    object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a', uid },
    startedAt: Date.now() + 60_000,
    milliseconds: 1,
  }
  t.equal((await send('POST', '/myorch/v1/spans', [span])).code, 200)
  const { body } = await send('GET', `/myorch/v1/spans?uid=${uid}`)
  const spans = body['spans'] as (typeof span & { detail: Record<string, string> })[]
  t.same(
    spans.map(({ part, action }) => `${part} ${action.split(' ')[0]}`),
    ['api create', 'api update', 'api delete', 'node/dev-1 mount'],
  )
  t.match(spans[0], { detail: { revision: resourceVersion, user: 'admin' } })
  const later = await send('GET', `/myorch/v1/spans?since=${span.startedAt}`)
  t.match(later.body['spans'], [span])
})

t.test('what is no span is refused', async (t) => {
  const { send } = await openApi(t)
  for (const body of ['{}', '[{}]', '[1]', 'x'])
    t.equal((await send('POST', '/myorch/v1/spans', body)).code, 400, body)
  t.equal((await send('DELETE', '/myorch/v1/spans')).code, 405)
})

t.test('metrics count requests and objects', async (t) => {
  const { send } = await openApi(t)
  await send('POST', maps, object)
  const { body } = await send('GET', '/metrics')
  const text = String(body['text'])
  t.match(
    text,
    /apiserver_request_total\{verb="CREATE",group="",version="v1",resource="configmaps",subresource="",code="201"\} 1/,
  )
  t.match(text, /apiserver_storage_objects\{resource="configmaps"\} 1/)
})
