import t from 'tap'
import type { ApiRequest, ApiResponse } from '../../../orchestrator/server/http-message.ts'
import { limitInFlight } from '../../../orchestrator/server/limit-in-flight.ts'

const pods = '/api/v1/namespaces/default/pods'

function request(method: string, target: string, more: Partial<ApiRequest> = {}): ApiRequest {
  const [path = '', query] = target.split('?')
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers: {},
    body: async () => Buffer.alloc(0),
    user: { name: 'ann', groups: [] },
    warnings: [],
    source: '10.0.0.1',
    ...more,
  }
}

t.test('more than the limit is sent away', async (t) => {
  const answers: ((response: ApiResponse) => void)[] = []
  const counts: Record<string, number> = {}
  const refusals: string[] = []
  const handle = limitInFlight(
    { reads: 1, writes: 1 },
    () => new Promise((resolve) => answers.push(resolve)),
    {
      onChange: (way, count) => (counts[way] = count),
      onRefused: (way) => refusals.push(way),
    },
  )
  const ok = { code: 200, headers: {}, body: 'ok' }
  const first = handle(request('GET', pods))
  const refused = await handle(request('GET', pods))
  t.match(refused, { code: 429, headers: { 'retry-after': '1' } })
  t.same([refusals, counts], [['readOnly'], { readOnly: 1 }], 'and that is counted')
  const admin = { name: 'root', groups: ['system:masters'] }
  const { source: _, ...inside } = request('GET', pods)
  const rows: [string, ApiRequest][] = [
    ['a write has a limit of its own', request('POST', pods)],
    ['a watch does not count', request('GET', `${pods}?watch=true`)],
    ['nor does a log', request('GET', `${pods}/web/log`)],
    ['nor a terminal', request('POST', `${pods}/web/exec`)],
    ['an administrator is let through', request('GET', pods, { user: admin })],
    ['who is in the process too', inside],
  ]
  const others = rows.map(([name, one]) => ({ name, answer: handle(one) }))
  for (const resolve of answers.splice(0)) resolve(ok)
  for (const { name, answer } of others) t.equal((await answer).code, 200, name)
  await first
  t.same(counts, { readOnly: 0, mutating: 0 })
  const again = handle(request('GET', pods))
  for (const resolve of answers) resolve(ok)
  t.equal((await again).code, 200, 'whose turn it is when the others are done')
})
