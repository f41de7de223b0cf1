import t from 'tap'
import { startPulse, untilBeat } from '../../../orchestrator/node/pulse.ts'

t.test('all processes of a machine beat at the same moments', async (t) => {
  const rows = [
    { title: 'begun at any time', now: 500, want: 1500 },
    { title: 'the moment itself', now: 4000, want: 2000 },
    { title: 'woken a little early', now: 3998, want: 2002 },
    { title: 'late for one', now: 5990, want: 10 },
  ]
  for (const { title, now, want } of rows) t.equal(untilBeat(2000, now), want, title)
  t.equal(untilBeat(20, 19), 21, 'a short period')
  t.equal(untilBeat(20, 17), 3, 'a short period that has not ended')
})

t.test('a pulse goes on until it is stopped', async (t) => {
  const beats: number[] = []
  const third = Promise.withResolvers<void>()
  const pulse = startPulse(10, () => {
    beats.push(process.hrtime()[1] / 1e6)
    if (beats.length === 3) third.resolve()
  })
  await third.promise
  pulse.stop()
  const { length } = beats
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(beats.length, length)
})
