import t from 'tap'
import { parseNetworkMode } from '../../../../runtime/container/parse/namespace-mode.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'bridge', text: 'bridge', want: { kind: 'bridge' } },
  { name: 'default', text: 'default', want: { kind: 'bridge' } },
  { name: 'host', text: 'host', want: { kind: 'host' } },
  { name: 'none', text: 'none', want: { kind: 'none' } },
  {
    name: 'another container',
    text: 'container:web',
    want: { kind: 'container', container: 'web' },
  },
  { name: 'a path', text: 'ns:/run/netns/a', want: { kind: 'path', path: '/run/netns/a' } },
  { name: 'a network', text: 'front', want: { kind: 'networks', names: ['front'] } },
  {
    name: 'two networks',
    text: 'front back',
    want: { kind: 'networks', names: ['front', 'back'] },
  },
  { name: 'one twice', text: 'front front', want: { kind: 'networks', names: ['front'] } },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseNetworkMode(text.split(' ')), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'host and a network', text: 'host front' },
  { name: 'an empty container', text: 'container:' },
  { name: 'a path in a name', text: '../etc' },
  { name: 'a relative namespace path', text: 'ns:net' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseNetworkMode(text.split(' ')), { code: 'INVALID_ARGUMENT' })
  })
}
