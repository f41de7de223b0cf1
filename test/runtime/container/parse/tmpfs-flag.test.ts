import t from 'tap'
import { parseTmpfsFlag } from '../../../../runtime/container/parse/tmpfs-flag.ts'
import { plainMount } from '../../../../runtime/container/mount-spec.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'a path', text: '/run', want: plainMount('tmpfs', '/run') },
  {
    name: 'options',
    text: '/run:size=64m,mode=1777,noexec',
    want: { ...plainMount('tmpfs', '/run'), tmpfsSize: 67_108_864, tmpfsMode: 0o1777, exec: false },
  },
  {
    name: 'what the kernel reads',
    text: '/run:size=10%,uid=5',
    want: { ...plainMount('tmpfs', '/run'), options: ['size=10%', 'uid=5'] },
  },
  { name: 'read-only', text: '/run:ro', want: { ...plainMount('tmpfs', '/run'), readOnly: true } },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseTmpfsFlag(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'a relative path', text: 'run' },
  { name: 'the root', text: '/' },
  { name: 'the root by dots', text: '/a/..' },
  { name: 'an unknown option', text: '/run:frob' },
  { name: 'a bad mode', text: '/run:mode=9' },
  { name: 'an injected option', text: '/run:uid=0\\,x' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseTmpfsFlag(text), { code: 'INVALID_ARGUMENT' })
  })
}
