import t from 'tap'
import { parseSignal } from '../../../../runtime/container/parse/signal.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'a name', text: 'TERM', want: 15 },
  { name: 'with SIG', text: 'SIGKILL', want: 9 },
  { name: 'lower case', text: 'sigint', want: 2 },
  { name: 'a number', text: '10', want: 10 },
  { name: 'an alias', text: 'SIGCLD', want: 17 },
  { name: 'the first real-time one', text: 'RTMIN', want: 34 },
  { name: 'an offset', text: 'SIGRTMIN+3', want: 37 },
  { name: 'below the last', text: 'RTMAX-1', want: 63 },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseSignal(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'zero', text: '0' },
  { name: '65', text: '65' },
  { name: 'an unknown name', text: 'SIGFOO' },
  { name: 'nothing', text: '' },
  { name: 'beyond the last', text: 'RTMAX+1' },
  { name: 'below the first real-time one', text: 'RTMIN-1' },
  { name: 'a negative', text: '-9' },
  { name: 'a property name', text: 'constructor' },
  { name: 'a blank', text: ' 9' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseSignal(text), { code: 'INVALID_ARGUMENT' })
  })
}
