import t from 'tap'
import { parseDuration } from '../../../../runtime/container/parse/duration.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'minutes and seconds', text: '1m30s', want: 90_000 },
  { name: 'a fraction of an hour', text: '1.5h', want: 5_400_000 },
  { name: 'milliseconds', text: '300ms', want: 300 },
  { name: 'zero without unit', text: '0', want: 0 },
  { name: 'a negative', text: '-2s', want: -2000 },
  { name: 'a leading point', text: '.5s', want: 500 },
  { name: 'microseconds', text: '1500us', want: 1.5 },
  { name: 'the micro sign', text: '1000\u00b5s', want: 1 },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseDuration(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'a number without unit', text: '30' },
  { name: 'a sign alone', text: '-' },
  { name: 'an unknown unit', text: '3d' },
  { name: 'a blank', text: '1m 30s' },
  { name: 'two points', text: '1.2.3s' },
  { name: 'a point alone', text: '.s' },
  {
    name: 'a huge text',
    text: '1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s',
  },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseDuration(text), { code: 'INVALID_ARGUMENT' })
  })
}
