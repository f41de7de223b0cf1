import t from 'tap'
import { createRateLimit } from '../../../rootfs/registry-server/rate-limit.ts'

t.test('as many as allowed at once, then one by one', async (t) => {
  let now = 0
  const limit = createRateLimit(3, () => now)
  t.same(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [0, 0, 0, 20],
  )
  t.equal(limit.wait('a'), 20)
  t.equal(limit.wait('b'), 0)
  t.equal(limit.take('b'), 0, 'another address has its own')
  now += 20_000
  t.equal(limit.take('a'), 0)
  t.equal(limit.take('a'), 20)
  now += 10_000
  t.equal(limit.take('a'), 10)
  now += 3_600_000
  t.same(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [0, 0, 0, 20],
    'no more is saved up than a minute has',
  )
})
