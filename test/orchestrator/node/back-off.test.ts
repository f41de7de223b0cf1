import t from 'tap'
import { makeBackOff } from '../../../orchestrator/node/back-off.ts'

t.test('a container that keeps failing waits longer and longer', async (t) => {
  const backOff = makeBackOff({})
  const waits = Array.from({ length: 8 }, () => backOff.failed('pod/web', 0) / 1000)
  t.strictSame(waits, [0, 10, 20, 40, 80, 160, 300, 300])
  t.equal(backOff.delay('pod/web'), 300_000)
  t.equal(backOff.delay('pod/other'), 0)
  backOff.reset('pod/web')
  t.equal(backOff.failed('pod/web', 5), 5)
})

t.test('a pull waits from its first failure', async (t) => {
  const backOff = makeBackOff({ first: 100, longest: 300, atOnce: true })
  const waits = Array.from({ length: 4 }, () => backOff.failed('pod/web', 0))
  t.strictSame(waits, [100, 200, 300, 300])
})

t.test('all keys of a pod are forgotten with it', async (t) => {
  const backOff = makeBackOff({ atOnce: true })
  for (const key of ['one/a', 'one/b', 'two/a']) backOff.failed(key, 0)
  backOff.forget('one/')
  t.strictSame(
    ['one/a', 'one/b', 'two/a'].map((key) => backOff.delay(key)),
    [0, 0, 10_000],
  )
})
