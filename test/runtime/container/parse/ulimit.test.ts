import t from 'tap'
import { parseUlimit } from '../../../../runtime/container/parse/ulimit.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  {
    name: 'soft and hard',
    text: 'nofile=1024:2048',
    want: { name: 'nofile', soft: 1024, hard: 2048 },
  },
  { name: 'one value for both', text: 'nproc=5', want: { name: 'nproc', soft: 5, hard: 5 } },
  { name: 'no limit', text: 'memlock=-1:-1', want: { name: 'memlock', soft: -1, hard: -1 } },
  { name: 'no limit in words', text: 'core=unlimited', want: { name: 'core', soft: -1, hard: -1 } },
  { name: 'finite under infinite', text: 'core=0:-1', want: { name: 'core', soft: 0, hard: -1 } },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseUlimit(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'an unknown limit', text: 'files=1' },
  { name: 'soft above hard', text: 'nofile=3:2' },
  { name: 'infinite soft, finite hard', text: 'nofile=-1:2' },
  { name: 'no value', text: 'nofile=' },
  { name: 'three values', text: 'nofile=1:2:3' },
  { name: 'a fraction', text: 'nofile=1.5' },
  { name: 'a prototype key', text: '__proto__=1' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseUlimit(text), { code: 'INVALID_ARGUMENT' })
  })
}
