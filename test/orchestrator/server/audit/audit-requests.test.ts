import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openAuditLog } from '../../../../orchestrator/server/audit/audit-log.ts'
import { readPolicy } from '../../../../orchestrator/server/audit/policy.ts'
import { openApi, readWatch } from '../api-under-test.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

async function openAudited(t: Parameters<typeof openApi>[0], policy: object) {
  const events: Record<string, unknown>[] = []
  const write = (event: object) => void events.push(event as Record<string, unknown>)
  const head = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }
  const api = await openApi(t, { audit: { policy: readPolicy({ ...head, ...policy }), write } })
  // What the server does to itself while it starts goes by no request.
  t.same(events, [])
  return { ...api, events }
}

t.test('levels', async (t) => {
  const policy = {
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      { level: 'None', verbs: ['list'] },
      { level: 'Metadata', verbs: ['get'] },
      { level: 'Request', verbs: ['patch'] },
      { level: 'RequestResponse' },
    ],
  }
  const { send, events } = await openAudited(t, policy)
  const headers = { 'user-agent': 'kubectl/v1', 'audit-id': 'mine' }
  const created = await send('POST', maps, map('one'), headers)
  t.equal(created.response.headers['audit-id'], 'mine', 'the client is told the id')
  t.match(events.shift(), {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: 'mine',
    stage: 'ResponseComplete',
    requestURI: maps,
    verb: 'create',
    user: { username: 'admin', groups: ['system:masters'] },
    userAgent: 'kubectl/v1',
    objectRef: { resource: 'configmaps', namespace: 'default', name: 'one', apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: 201 },
    requestObject: map('one'),
    responseObject: { kind: 'ConfigMap', metadata: { uid: String, managedFields: undefined } },
    requestReceivedTimestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  })
  await send('GET', maps)
  t.same(events, [], 'a level of none')
  await send('GET', `${maps}/one`)
  const read = events.shift()!
  t.match(read, { level: 'Metadata', verb: 'get', responseStatus: { code: 200 } })
  t.notOk('responseObject' in read)
  const patch = [{ op: 'add', path: '/data', value: { a: 'b' } }]
  await send('PATCH', `${maps}/one`, patch, { 'content-type': 'application/json-patch+json' })
  const patched = events.shift()!
  t.match(patched, { level: 'Request', verb: 'patch', requestObject: patch })
  t.notOk('responseObject' in patched)
})

t.test('a failure is recorded with what the client was told', async (t) => {
  const { send, events } = await openAudited(t, { rules: [{ level: 'Metadata' }] })
  await send('DELETE', `${maps}/one`, undefined, { 'impersonate-user': 'rita' })
  t.match(events, [
    { stage: 'RequestReceived', verb: 'delete' },
    {
      stage: 'ResponseComplete',
      user: { username: 'admin' },
      impersonatedUser: { username: 'rita', groups: ['system:authenticated'] },
      responseStatus: { status: 'Failure', reason: 'Forbidden', code: 403 },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    },
  ])
  t.equal(events[0]!['auditID'], events[1]!['auditID'])
})

t.test('a watch is complete when its client has gone', async (t) => {
  const { send, events } = await openAudited(t, { rules: [{ level: 'Metadata' }] })
  const { response } = await send('GET', `${maps}?watch=true`)
  const watch = readWatch(response)
  const stages = () => events.map(({ stage }) => stage)
  t.same(stages(), ['RequestReceived', 'ResponseStarted'])
  watch.close()
  t.same(stages(), ['RequestReceived', 'ResponseStarted', 'ResponseComplete'])
})

t.test('a full file is put aside', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'audit.log')
  const log = openAuditLog({ path, maxSize: 1, maxBackup: 2 })
  const text = 'x'.repeat(400 * 1024)
  for (let index = 0; index < 9; index++) log.write({ index, text })
  log.close()
  const names = readdirSync(folder)
  t.equal(names.filter((name) => /^audit-\d{4}-.*\.log$/.test(name)).length, 2)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.same(
    lines.map((line) => (JSON.parse(line) as { index: number }).index),
    [8],
    'no line is cut, and the last is in the file of the name',
  )
})
