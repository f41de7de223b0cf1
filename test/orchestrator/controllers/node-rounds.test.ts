import t from 'tap'
import { makeHearingClock } from '../../../orchestrator/controllers/node-lifecycle/hearing-clock.ts'
import { startRounds } from '../../../orchestrator/controllers/node-lifecycle/rounds.ts'

const longMs = 1_000_000

// Rounds do not keep a process.
const keep = setInterval(() => undefined, 1000)
t.teardown(() => clearInterval(keep))

t.test('a wait of which nobody was sure that the server listened counts for little', async (t) => {
  let time = 0
  const clock = makeHearingClock(100, () => time)
  clock.expect(4000)
  time += 1000
  t.equal(clock.now(), 1000, 'it goes on between two ticks')
  time += 60_000
  t.equal(clock.now(), 4100, 'until the next one is too late')
  t.equal(clock.tick(), 57_000)
  clock.expect(100)
  t.equal(clock.now(), 4100)
  time += 60_000
  t.equal(clock.now(), 4300)
})

t.test('nobody looks while nothing can be due, unless something changes', async (t) => {
  const period = 10
  let count = 0
  let rest = 0
  let seen = Promise.withResolvers<void>()
  const rounds = startRounds({
    period,
    clock: makeHearingClock(period, () => performance.now()),
    round: async () => {
      count += 1
      seen.resolve()
      return rest
    },
    onProblem: (error) => t.fail(String(error)),
  })
  t.teardown(() => rounds.stop())
  const next = (): Promise<void> => {
    seen = Promise.withResolvers()
    return seen.promise
  }
  await next()
  await next()
  rest = longMs
  await next()
  const before = count
  await new Promise((resolve) => setTimeout(resolve, 5 * period))
  t.equal(count, before)
  rounds.hurry()
  await next()
  t.equal(count, before + 1)
})

t.test('what fails is told, and tried again', async (t) => {
  const failure = new Error('no')
  const told: unknown[] = []
  const again = Promise.withResolvers<void>()
  const rounds = startRounds({
    period: 5,
    clock: makeHearingClock(5, () => performance.now()),
    round: async () => {
      if (told.length === 0) throw failure
      again.resolve()
      return longMs
    },
    onProblem: (error) => told.push(error),
  })
  await again.promise
  await rounds.stop()
  t.same(told, [failure])
})
