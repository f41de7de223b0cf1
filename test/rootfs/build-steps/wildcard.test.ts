import t from 'tap'
import { matchComponent } from '../../../rootfs/build-steps/wildcard.ts'

const rows: { pattern: string; name: string; want: boolean }[] = [
  { pattern: 'abc', name: 'abc', want: true },
  { pattern: '*', name: 'abc', want: true },
  { pattern: '*c', name: 'abc', want: true },
  { pattern: 'a*', name: 'ab/c', want: false },
  { pattern: 'a*b*c*d*e*', name: 'axbxcxdxe', want: true },
  { pattern: 'a*b?c*x', name: 'abxbbxdbxebxczzx', want: true },
  { pattern: 'a*b?c*x', name: 'abxbbxdbxebxczzy', want: false },
  { pattern: 'ab[c]', name: 'abc', want: true },
  { pattern: 'ab[b-d]', name: 'abc', want: true },
  { pattern: 'ab[e-g]', name: 'abc', want: false },
  { pattern: 'ab[^c]', name: 'abc', want: false },
  { pattern: 'ab[^e-g]', name: 'abc', want: true },
  { pattern: String.raw`a\*b`, name: 'a*b', want: true },
  { pattern: String.raw`a\*b`, name: 'ab', want: false },
  { pattern: 'a?b', name: 'a☺b', want: true },
  { pattern: 'a[^a]b', name: 'a☺b', want: true },
  { pattern: 'a???b', name: 'a☺b', want: false },
  { pattern: '[a-ζ]*', name: 'α', want: true },
  { pattern: '*[a-ζ]', name: 'A', want: false },
  { pattern: String.raw`[\]a]`, name: ']', want: true },
  { pattern: String.raw`[\-]`, name: '-', want: true },
  { pattern: String.raw`[x\-]`, name: 'z', want: false },
  { pattern: '[b-a]', name: 'a', want: false },
  { pattern: 'a.b+(c)|{d}^$-', name: 'a.b+(c)|{d}^$-', want: true },
  { pattern: '*.b', name: 'axb', want: false },
]
for (const { pattern, name, want } of rows)
  t.test(`${pattern} and ${name}, as Go's filepath.Match`, async (t) =>
    t.equal(matchComponent(pattern)(name), want),
  )

for (const pattern of [
  '[]a]',
  '[-]',
  '[x-]',
  '[-x]',
  '[',
  '[^',
  '[^bc',
  'a[',
  String.raw`\ `.trim(),
])
  t.test(`rejects ${pattern}`, async (t) =>
    t.throws(() => matchComponent(pattern), { code: 'INVALID_ARGUMENT' }),
  )

t.test('many stars are matched before the end of the world', async (t) => {
  const pattern = '*a'.repeat(40)
  t.ok(matchComponent(`${pattern}${'*'.repeat(5000)}`)('a'.repeat(200)))
  t.notOk(matchComponent(`${pattern}*b`)('a'.repeat(200)))
})
