import t from 'tap'
import { parseChallenges } from '../../../rootfs/registry-client/challenge.ts'

const rows: { title: string; header: string; want: [string, Record<string, string>][] }[] = [
  {
    title: 'a token server with all three parameters',
    header: 'Bearer realm="http://a/token",service="r",scope="repository:a/b:pull,push"',
    want: [
      ['bearer', { realm: 'http://a/token', service: 'r', scope: 'repository:a/b:pull,push' }],
    ],
  },
  { title: 'a scheme alone', header: 'Basic', want: [['basic', {}]] },
  {
    title: 'no quotes, spaces about =',
    header: 'BASIC realm = x',
    want: [['basic', { realm: 'x' }]],
  },
  {
    title: 'two schemes in one field',
    header: 'Basic realm="a, b", Bearer realm="c",service=d',
    want: [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'c', service: 'd' }],
    ],
  },
  {
    title: 'a value of its own before parameters',
    header: 'Negotiate YWJj==, Basic realm="x"',
    want: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  },
  {
    title: 'escapes in quotes, capital names',
    header: 'Basic Realm="say \\"hi\\""',
    want: [['basic', { realm: 'say "hi"' }]],
  },
  { title: 'empty elements', header: ', ,Basic realm=x,,', want: [['basic', { realm: 'x' }]] },
  { title: 'nothing', header: '', want: [] },
  { title: 'a quote that never ends', header: 'Basic realm="x', want: [['basic', {}]] },
  { title: 'garbage', header: '"=,=;', want: [] },
]

for (const { title, header, want } of rows)
  t.test(title, async (t) => {
    const found = parseChallenges(header).map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ])
    t.strictSame(found, want)
  })

t.test('a long hostile field takes no long time', async (t) => {
  const before = performance.now()
  parseChallenges(`Basic ${'a="b\\'.repeat(100_000)}`)
  parseChallenges(`${' ,'.repeat(100_000)}Basic ${'x'.repeat(100_000)}=`)
  t.ok(performance.now() - before < 500)
})
