import t from 'tap'
import { startScheduling } from '../../../orchestrator/server/start-scheduling.ts'
import { openApi, readWatch } from './api-under-test.ts'

const pods = '/api/v1/namespaces/default/pods'

t.test('the server gives pods their nodes, says how, and counts', async (t) => {
  const { server, send } = await openApi(t)
  const scheduler = await startScheduling(server)
  t.teardown(() => scheduler.stop())
  const watching = readWatch((await send('GET', `${pods}?watch=1`)).response)
  t.teardown(() => watching.close())
  const { code } = await send('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } },
  })
  t.equal(code, 201)
  await send('POST', pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  })
  await watching.until(2)
  t.match(watching.events[1]?.object, { spec: { nodeName: 'n1' } })
  t.match((await send('GET', '/myorch/v1/decisions/default/a')).body, { node: 'n1' })
  t.equal((await send('GET', '/myorch/v1/decisions/default/b')).code, 404)
  t.equal((await send('GET', '/myorch/v1/decisions/default')).code, 400)
  await scheduler.stop()
  const { text } = (await send('GET', '/metrics')).body
  t.match(text, /^scheduler_schedule_attempts_total\{result="scheduled",.*\} 1$/m)
  t.match(text, /^scheduler_pending_pods\{queue="active"\} 0$/m)
})
