import t from 'tap'
import { makeWorkQueue } from '../../../orchestrator/client/work-queue.ts'

t.test('a key that is added again while it is worked on is worked on once more', async (t) => {
  const first = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  let runs = 0
  let together = 0
  const queue = makeWorkQueue({
    onProblem: () => undefined,
    work: async () => {
      t.equal(++together, 1, 'never twice at a time')
      runs++
      if (runs === 1) await first.promise
      else done.resolve()
      together--
    },
  })
  queue.add('a')
  queue.add('a')
  await new Promise(setImmediate)
  queue.add('a')
  queue.add('a')
  first.resolve()
  await done.promise
  await queue.stop()
  t.equal(runs, 2)
})

t.test('a failure is tried again, later each time; a success forgets it', async (t) => {
  // The timers of a queue keep no process alive.
  const alive = setTimeout(() => undefined, 10_000)
  t.teardown(() => clearTimeout(alive))
  const times: number[] = []
  const problems: string[] = []
  const done = Promise.withResolvers<void>()
  const queue = makeWorkQueue({
    firstWait: 10,
    onProblem: (key, error) => problems.push(`${key}: ${(error as Error).message}`),
    work: async () => {
      times.push(performance.now())
      if (times.length < 4) throw new Error(`no ${times.length}`)
      done.resolve()
    },
  })
  queue.add('a')
  await done.promise
  await queue.stop()
  t.strictSame(problems, ['a: no 1', 'a: no 2', 'a: no 3'])
  const waits = times.slice(1).map((time, index) => time - times[index]!)
  t.ok(waits[0]! >= 9 && waits[1]! >= 19 && waits[2]! >= 39, waits.join(' '))
})

t.test('so many workers, and after the end none', async (t) => {
  let most = 0
  let now = 0
  const gate = Promise.withResolvers<void>()
  const full = Promise.withResolvers<void>()
  const queue = makeWorkQueue({
    workers: 2,
    onProblem: () => undefined,
    work: async () => {
      most = Math.max(most, ++now)
      if (now === 2) full.resolve()
      await gate.promise
      now--
    },
  })
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
  await full.promise
  t.equal(queue.depth, 4)
  const stopped = queue.stop()
  gate.resolve()
  await stopped
  t.equal(most, 2)
  t.equal(queue.depth, 2, 'what waited is not begun')
})
