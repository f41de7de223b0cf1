import t from 'tap'
import { chooseImages } from '../../../orchestrator/node/collect-images.ts'

t.test('which images go', async (t) => {
  const unused = [
    { id: 'lately', size: 10, used: 900, first: 0 },
    { id: 'never, seen later', size: 10, used: 0, first: 200 },
    { id: 'never, seen first', size: 10, used: 0, first: 100 },
  ]
  const rows: readonly [number, readonly string[]][] = [
    [0, []],
    [1, ['never, seen first']],
    [11, ['never, seen first', 'never, seen later']],
    [1000, ['never, seen first', 'never, seen later', 'lately']],
  ]
  for (const [wanted, expected] of rows)
    t.test(`${wanted} bytes`, async (t) => {
      t.strictSame([...chooseImages(unused, wanted)], expected)
    })
})
