import t from 'tap'
import { makeSparingTeller } from '../../../orchestrator/node/tell-sparingly.ts'

const problem = (message: string) => ({ type: 'Warning', reason: 'FailedMount', message }) as const

t.test('what goes on is said less and less often', async (t) => {
  const said: number[] = []
  let now = 0
  const tell = makeSparingTeller(
    () => said.push(now),
    () => now,
  )
  for (; now < 8000; now += 100) tell([problem('a')])
  t.strictSame(said, [0, 500, 1500, 3500, 7500])
})

t.test('what is new, and what comes again, is said at once', async (t) => {
  const said: string[] = []
  const tell = makeSparingTeller(
    ({ message }) => said.push(message),
    () => 0,
  )
  tell([problem('a')])
  tell([problem('a'), problem('b')])
  tell([])
  tell([problem('a')])
  t.equal(said.join(), 'a,b,a')
})
