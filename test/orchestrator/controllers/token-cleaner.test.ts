import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import {
  planTokenEnd,
  startTokenCleanerController,
} from '../../../orchestrator/controllers/token-cleaner/token-cleaner-controller.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'
import { bootstrapTokenSecret } from '../../../orchestrator/server/bootstrap-tokens.ts'
import { openCluster } from './cluster-under-test.ts'

const now = new Date('2026-01-01T00:00:00Z')
const token = (expiration?: string): KubeObject => ({
  ...kinds.secret,
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  data: expiration === undefined ? {} : { expiration: Buffer.from(expiration).toString('base64') },
})

t.test('when a token goes', async (t) => {
  const rows: [string, KubeObject, object][] = [
    ['never, where it has no end', token(), { writes: [] }],
    ['when its time is over', token('2025-12-31T23:59:59Z'), { writes: [{ verb: 'delete' }] }],
    ['later', token('2026-01-01T00:01:00Z'), { writes: [], againInMs: 60_000 }],
    ['when nobody can read its end', token('soon'), { writes: [{ verb: 'delete' }] }],
  ]
  for (const [name, secret, plan] of rows) t.match(planTokenEnd(secret, now), plan, name)
})

t.test('a token that has ended is deleted, and no other secret', async (t) => {
  const { client, until } = await openCluster(t, [startTokenCleanerController])
  await client.create(bootstrapTokenSecret('aaaaaa.0123456789abcdef', new Date(Date.now() + 1_500)))
  await client.create(bootstrapTokenSecret('bbbbbb.0123456789abcdef'))
  const expiration = Buffer.from('2020-01-01T00:00:00Z').toString('base64')
  const metadata = { name: 'other', namespace: 'kube-system' }
  await client.create({ ...kinds.secret, metadata, data: { expiration } })
  const left = await until(kinds.secret, (all) => all.length === 2)
  t.same(left.map(({ metadata: { name = '' } }) => name).toSorted(), [
    'bootstrap-token-bbbbbb',
    'other',
  ])
})
