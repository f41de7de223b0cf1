import t from 'tap'
import { makeLogger } from '../../../../orchestrator/server/logging/logger.ts'
import { openApi } from '../api-under-test.ts'

const pods = '/api/v1/namespaces/default/pods'
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'a', image: 'b' }], nodeName: 'one' },
}

type Line = Record<string, unknown>

async function openLogged(t: Parameters<typeof openApi>[0], verbosity: number) {
  const lines: Line[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Line)
  const api = await openApi(t, { logger: makeLogger({ format: 'json', verbosity, write }) })
  lines.length = 0
  return { ...api, lines }
}

t.test('who did what, and to which pod', async (t) => {
  const { send, lines } = await openLogged(t, 3)
  const { body } = await send('POST', pods, pod, { 'user-agent': 'kubectl/v1' })
  const { uid } = body['metadata'] as { uid: string }
  t.match(lines, [
    {
      ts: Number,
      v: 2,
      msg: /^create revision \d+$/,
      part: 'api',
      pod: { name: 'web', namespace: 'default' },
      user: 'admin',
      manager: 'kubectl',
      trace: uid,
    },
    { v: 3, msg: 'HTTP', verb: 'create', URI: pods, user: 'admin', resp: 201, latencyMs: Number },
  ])
})

t.test('events', async (t) => {
  const { send, lines } = await openLogged(t, 1)
  const involvedObject = { kind: 'Pod', name: 'web', namespace: 'default', uid: 'u1' }
  const metadata = { name: 'web.1', namespace: 'default' }
  const source = { component: 'kubelet', host: 'one' }
  const event = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject, source }
  const said = { reason: 'Started', message: 'Started container a', type: 'Normal' }
  await send('POST', '/api/v1/namespaces/default/events', { ...event, ...said })
  t.match(lines, [
    {
      v: 1,
      msg: 'Started container a',
      event: { name: 'web.1', namespace: 'default' },
      reason: 'Started',
      part: 'kubelet',
      pod: { name: 'web', namespace: 'default' },
      node: 'one',
      trace: 'u1',
    },
  ])
})

t.test('as text, with names for objects', async (t) => {
  const lines: string[] = []
  const logger = makeLogger({ format: 'text', verbosity: 1, write: (line) => lines.push(line) })
  logger.info(1, 'bound', { pod: { name: 'web', namespace: 'default' }, node: 'one' })
  logger.info(2, 'not asked for')
  logger.error('bind', new Error('no'))
  t.equal(lines.length, 2)
  t.match(lines[0], /^I \S+Z "bound" pod="default\/web" node="one"\n$/)
  t.match(lines[1], /^E \S+Z "bind" err="/)
})
