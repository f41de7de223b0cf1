import t from 'tap'
import {
  formatListenAddress,
  parseListenAddress,
} from '../../../rootfs/registry-server/listen-address.ts'
import { readDuration, readSize } from '../../../rootfs/registry-server/serve-flags.ts'

const addresses: { text: string; host?: string; port: number; shown: string }[] = [
  { text: ':5000', port: 5000, shown: 'localhost:5000' },
  { text: '127.0.0.1:0', host: '127.0.0.1', port: 0, shown: '127.0.0.1:0' },
  { text: '[::1]:80', host: '::1', port: 80, shown: '[::1]:80' },
  { text: 'example.org:443', host: 'example.org', port: 443, shown: 'example.org:443' },
]
for (const { text, host, port, shown } of addresses)
  t.test(`listens on ${text}`, async (t) => {
    const address = parseListenAddress(text)
    t.same(address, { host, port })
    t.equal(formatListenAddress(address, address.port), shown)
  })

for (const text of ['', '5000', 'localhost', ':70000', '::1:80', 'a b:80', 'http://x:80'])
  t.test(`refuses the address "${text}"`, async (t) =>
    t.throws(() => parseListenAddress(text), { code: 'INVALID_ARGUMENT' }),
  )

const sizes: [string, number][] = [
  ['0', 0],
  ['1024', 1024],
  ['1k', 1024],
  ['1.5M', 1_572_864],
  ['2GiB', 2 * 1024 ** 3],
  ['1tb', 1024 ** 4],
]
for (const [text, want] of sizes)
  t.test(`${text} is ${want} bytes`, async (t) => t.equal(readSize('--quota', text), want))

const durations: [string, number][] = [
  ['0', 0],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
]
for (const [text, want] of durations)
  t.test(`${text} is ${want} ms`, async (t) => t.equal(readDuration('--gc-interval', text), want))

for (const text of ['', '-1', '5', 'ten', '1x', '5 m'])
  t.test(`refuses "${text}" as a duration, naming the flag`, async (t) =>
    t.throws(() => readDuration('--gc-grace', text), {
      code: 'INVALID_ARGUMENT',
      detail: { flag: '--gc-grace' },
    }),
  )
for (const text of ['', '-1', 'ten', '1p', '1,5G'])
  t.test(`refuses "${text}" as a size`, async (t) =>
    t.throws(() => readSize('--quota', text), { code: 'INVALID_ARGUMENT' }),
  )
