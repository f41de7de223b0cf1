import t from 'tap'
import { parseTimestamp } from '../../../../runtime/container/parse/timestamp.ts'

const now = Date.UTC(2026, 5, 1)

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'RFC 3339', text: '2026-01-02T03:04:05Z', want: Date.UTC(2026, 0, 2, 3, 4, 5) },
  { name: 'a zone', text: '2026-01-02T03:04:05+01:00', want: Date.UTC(2026, 0, 2, 2, 4, 5) },
  {
    name: 'nanoseconds',
    text: '2026-01-02T03:04:05.5Z',
    want: Date.UTC(2026, 0, 2, 3, 4, 5) + 500,
  },
  { name: 'a date with zone', text: '2026-01-02Z', want: Date.UTC(2026, 0, 2) },
  { name: 'seconds since 1970', text: '1700000000', want: 1_700_000_000_000 },
  { name: 'a fraction of a second', text: '1.25', want: 1250 },
  { name: 'a duration before now', text: '10m', want: now - 600_000 },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseTimestamp(text, now), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'a word', text: 'yesterday' },
  { name: 'an impossible day', text: '2026-02-30T00:00:00Z' },
  { name: 'an impossible hour', text: '2026-01-02T25:00:00Z' },
  { name: 'a duration without unit', text: '10 m' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseTimestamp(text, now), { code: 'INVALID_ARGUMENT' })
  })
}
