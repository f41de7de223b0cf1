import t from 'tap'
import { parseRestartPolicy } from '../../../../runtime/container/parse/restart-policy.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'no', text: 'no', want: { name: 'no', maximumRetryCount: 0 } },
  { name: 'empty is no', text: '', want: { name: 'no', maximumRetryCount: 0 } },
  { name: 'always', text: 'always', want: { name: 'always', maximumRetryCount: 0 } },
  { name: 'on-failure', text: 'on-failure', want: { name: 'on-failure', maximumRetryCount: 0 } },
  {
    name: 'with a maximum',
    text: 'on-failure:5',
    want: { name: 'on-failure', maximumRetryCount: 5 },
  },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseRestartPolicy(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'a maximum of always', text: 'always:3' },
  { name: 'a negative maximum', text: 'on-failure:-1' },
  { name: 'an empty maximum', text: 'on-failure:' },
  { name: 'a word', text: 'on-failure:x' },
  { name: 'an unknown policy', text: 'sometimes' },
  { name: 'two maxima', text: 'on-failure:1:2' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseRestartPolicy(text), { code: 'INVALID_ARGUMENT' })
  })
}
