import t from 'tap'
import { parseDetachKeys } from '../../../../runtime/container/parse/detach-keys.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'the usual', text: 'ctrl-p,ctrl-q', want: [16, 17] },
  { name: 'a letter', text: 'a', want: [97] },
  { name: 'a bracket', text: 'ctrl-[', want: [27] },
  { name: 'none', text: '', want: [] },
  { name: 'capitals', text: 'CTRL-A,x', want: [1, 120] },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseDetachKeys(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'a word', text: 'abc' },
  { name: 'an unknown control', text: 'ctrl-!' },
  { name: 'a control alone', text: 'ctrl-' },
  { name: 'an empty key', text: 'a,,b' },
  { name: 'beyond ASCII', text: '\u00e9' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseDetachKeys(text), { code: 'INVALID_ARGUMENT' })
  })
}
