import t from 'tap'
import { toJsonLines } from '../../../orchestrator/cli/write-json-lines.ts'

const now = new Date(1000)
const json = '{"ts":1,"msg":"a"}\n'

const rows = [
  { title: 'a line of JSON stays', given: json, want: json },
  { title: 'several stay', given: json + json, want: json + json },
  { title: 'text becomes a message', given: 'a\n', want: '{"ts":1000,"msg":"a","v":0}\n' },
  { title: 'several lines are one', given: 'a\n b\n', want: '{"ts":1000,"msg":"a\\n b","v":0}\n' },
] as const
for (const { title, given, want } of rows)
  t.test(title, async (t) => t.equal(toJsonLines(given, now), want))
