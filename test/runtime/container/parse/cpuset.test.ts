import t from 'tap'
import { parseCpuset } from '../../../../runtime/container/parse/cpuset.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'a range and a number', text: '0-3,7', want: '0-3,7' },
  { name: 'one', text: '0', want: '0' },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseCpuset(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'an empty item', text: '0,,1' },
  { name: 'a reversed range', text: '3-1' },
  { name: 'a trailing comma', text: '0,' },
  { name: 'a negative', text: '-1' },
  { name: 'a blank', text: '0, 1' },
  { name: 'a number that would build a huge list', text: '0-99999' },
  { name: 'a stride', text: '0-8:2' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseCpuset(text), { code: 'INVALID_ARGUMENT' })
  })
}
