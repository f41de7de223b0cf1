import t from 'tap'
import { makeEventCorrelator } from '../../../orchestrator/client/event-correlator.ts'

const about = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'default', uid: name },
})
const said = (message: string) => ({ type: 'Normal', reason: 'Created', message }) as const
const minutes = 60_000

t.test('from the tenth message on, those alike are one event', async (t) => {
  const correlate = makeEventCorrelator()
  const results = Array.from({ length: 12 }, (_, n) => correlate(about('a'), said(`pod ${n}`), n))
  t.strictSame(results.map((result) => result?.message).slice(8), [
    'pod 8',
    ...[9, 10, 11].map((n) => `(combined from similar events): pod ${n}`),
  ])
  t.equal(new Set(results.map((result) => result?.key)).size, 10)
  t.equal(correlate(about('b'), said('pod 12'), 12)?.message, 'pod 12', 'another object')
  t.equal(correlate(about('a'), said('pod 13'), 11 * minutes)?.message, 'pod 13', 'later')
})

t.test('the same message again is the same event', async (t) => {
  const correlate = makeEventCorrelator()
  const keys = Array.from({ length: 20 }, (_, n) => correlate(about('a'), said('same'), n)?.key)
  t.equal(new Set(keys).size, 1)
})

t.test('too much about one object is passed over, until time has passed', async (t) => {
  const correlate = makeEventCorrelator()
  const told = Array.from({ length: 30 }, () => correlate(about('a'), said('same'), 0))
  t.equal(told.filter(Boolean).length, 25)
  t.ok(correlate(about('b'), said('same'), 0), 'another object')
  t.ok(correlate(about('a'), said('same'), 5 * minutes))
  t.notOk(correlate(about('a'), said('same'), 5 * minutes))
})
