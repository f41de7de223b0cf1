import t from 'tap'
import { evictionMessage, rankPods } from '../../../../orchestrator/node/pressure/rank-pods.ts'
import { readThresholds } from '../../../../orchestrator/node/pressure/thresholds.ts'

const pod = (uid: string, usage: number, request: number, priority = 0) => ({
  uid,
  priority,
  containers: [{ name: 'a', usage, request }],
})

t.test('who is ended first', async (t) => {
  const rows: readonly [string, readonly ReturnType<typeof pod>[], string][] = [
    ['who uses more than asked for', [pod('within', 90, 100), pod('over', 20, 10)], 'over,within'],
    [
      'of those, who matters less',
      [pod('much', 90, 10, 5), pod('little', 20, 10, 1)],
      'little,much',
    ],
    ['of those, who uses most beyond it', [pod('a', 30, 20), pod('b', 50, 20)], 'b,a'],
    [
      'who keeps within it comes last, however little it matters',
      [pod('within', 5, 10, -9), pod('over', 11, 10, 99)],
      'over,within',
    ],
  ]
  for (const [title, pods, expected] of rows)
    t.test(title, async (t) => {
      t.equal(
        rankPods('memory.available', pods)
          .map(({ uid }) => uid)
          .join(),
        expected,
      )
    })
  t.test('for processes only what matters counts', async (t) => {
    const pods = [pod('high', 99, 0, 9), pod('low', 0, 0, 1)]
    t.equal(rankPods('pid.available', pods)[0]?.uid, 'low')
  })
})

t.test('what is said', async (t) => {
  const [threshold] = readThresholds('memory.available<100Mi')
  const mebi = 1024 * 1024
  const observation = { available: 50 * mebi, capacity: 1000 * mebi }
  const containers = [
    { name: 'web', usage: 30 * mebi, request: 0 },
    { name: 'good', usage: 1 * mebi, request: 2 * mebi },
  ]
  t.equal(
    evictionMessage({ threshold: threshold!, observation }, containers),
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
      'Container web was using 30Mi, request is 0, has larger consumption of memory. ',
  )
})
