import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { isUnchanged, mayReplace } from '../../../rootfs/registry-server/entity-tag.ts'

const digest = `sha256:${'1'.repeat(64)}`
const request = (headers: Record<string, string>): IncomingMessage =>
  ({ headers }) as unknown as IncomingMessage

const reads: { header: string; want: boolean }[] = [
  { header: `"${digest}"`, want: true },
  { header: `W/"${digest}"`, want: true },
  { header: `"other", "${digest}"`, want: true },
  { header: digest, want: true },
  { header: '*', want: true },
  { header: '"other"', want: false },
  { header: '', want: false },
]
for (const { header, want } of reads)
  t.test(`If-None-Match: ${header} is ${want ? '' : 'not '}unchanged`, async (t) =>
    t.equal(isUnchanged(request({ 'if-none-match': header }), digest), want),
  )

const writes: {
  title: string
  headers: Record<string, string>
  current?: string
  want: boolean
}[] = [
  { title: 'without a condition', headers: {}, current: digest, want: true },
  { title: 'only where nothing is', headers: { 'if-none-match': '*' }, want: true },
  {
    title: 'only where nothing is',
    headers: { 'if-none-match': '*' },
    current: digest,
    want: false,
  },
  { title: 'only over this', headers: { 'if-match': `"${digest}"` }, current: digest, want: true },
  { title: 'only over this', headers: { 'if-match': '"x"' }, current: digest, want: false },
  { title: 'only over this', headers: { 'if-match': `"${digest}"` }, want: false },
]
for (const { title, headers, current, want } of writes)
  t.test(
    `replacing ${current ? 'something' : 'nothing'} ${title} is ${want ? 'allowed' : 'refused'}`,
    async (t) => t.equal(mayReplace(request(headers), current), want),
  )
