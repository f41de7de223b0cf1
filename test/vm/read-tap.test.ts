import t from 'tap'
import { readTap } from './harness/read-tap.ts'

const rows: {
  name: string
  text: string
  want: [name: string, ok: boolean, isSkipped: boolean][]
}[] = [
  {
    name: 'assertions of subtests, without the line that closes them',
    text: '# Subtest: a\n    ok 1 - x\n    not ok 2 - y\n    1..2\nnot ok 1 - a\nok 2 - b\n1..2\n',
    want: [
      ['a > x', true, false],
      ['a > y', false, false],
      ['b', true, false],
    ],
  },
  {
    name: 'a subtest that failed as a whole',
    text: '# Subtest: a\n    ok 1 - x\n    1..1\nnot ok 1 - a\n1..1\n',
    want: [
      ['a > x', true, false],
      ['a', false, false],
    ],
  },
  { name: 'a skip', text: 'ok 1 - x # SKIP why\n1..1\n', want: [['x', true, true]] },
  {
    name: 'output that ends in the middle',
    text: 'ok 1 - x\n',
    want: [
      ['x', true, false],
      ['the TAP is whole', false, false],
    ],
  },
  { name: 'no TAP at all', text: 'lost\n', want: [['the TAP is whole', false, false]] },
]

for (const { name, text, want } of rows)
  t.test(`reads ${name}`, async (t) => {
    const found = readTap(text).map((each) => [each.name, each.ok, each.isSkipped])
    t.strictSame(found, want)
  })
