import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runServer } from '../../../../orchestrator/server/run-server.ts'

const policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: RequestResponse
`

t.test('a server with an audit log', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-server-'))
  const policyFile = join(folder, 'policy.yaml')
  const path = join(folder, 'audit.log')
  writeFileSync(policyFile, policy)
  const options = { dataDir: join(folder, 'data'), host: '127.0.0.1', port: 0 }
  const quiet = { controls: false, schedules: false }
  t.teardown(() => rmSync(folder, { recursive: true }))
  const server = await runServer({ ...options, ...quiet, audit: { path, policyFile } })
  const ask = async (headers: Record<string, string>) => {
    // Whether the server is who it says is not what is tested here.
    const asked = request(`${server.url}/api/v1/pods`, { rejectUnauthorized: false, headers })
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    return { code: answer.statusCode, id: answer.headers['audit-id'] }
  }
  const stranger = await ask({})
  const refused = await ask({ authorization: 'Bearer nobody-knows-it' })
  await server.close()
  t.same([stranger.code, refused.code], [403, 401])
  const events = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { auditID: string })
  t.match(
    events.find(({ auditID }) => auditID === stranger.id),
    {
      user: { username: 'system:anonymous' },
      sourceIPs: ['127.0.0.1'],
      responseStatus: { code: 403, reason: 'Forbidden' },
    },
  )
  t.match(
    events.find(({ auditID }) => auditID === refused.id),
    { user: { username: '' }, verb: 'list', responseStatus: { code: 401, reason: 'Unauthorized' } },
    'a token that nobody knows leaves a trace as well',
  )
  t.notMatch(readFileSync(path, 'utf8'), /nobody-knows-it/, 'and the token itself does not')
})

t.test('a policy that is none stops the server before it serves', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-server-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const policyFile = join(folder, 'policy.yaml')
  writeFileSync(policyFile, policy.replace('RequestResponse', 'Everything'))
  const audit = { path: join(folder, 'audit.log'), policyFile }
  const options = { dataDir: join(folder, 'data'), host: '127.0.0.1', port: 0, audit }
  await t.rejects(runServer(options), {
    code: 'INVALID_ARGUMENT',
    detail: { field: 'rules[0].level' },
  })
})
