import t from 'tap'
import { parseDevice } from '../../../../runtime/container/parse/device.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  {
    name: 'one path',
    text: '/dev/fuse',
    want: { hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rwm' },
  },
  {
    name: 'all parts',
    text: '/dev/a:/dev/b:mr',
    want: { hostPath: '/dev/a', containerPath: '/dev/b', permissions: 'rm' },
  },
  {
    name: 'permissions alone',
    text: '/dev/a:r',
    want: { hostPath: '/dev/a', containerPath: '/dev/a', permissions: 'r' },
  },
  {
    name: 'dots worked out',
    text: '/dev/../dev/a',
    want: { hostPath: '/dev/a', containerPath: '/dev/a', permissions: 'rwm' },
  },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseDevice(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'a relative path', text: 'dev/a' },
  { name: 'a relative destination', text: '/dev/a:b:r' },
  { name: 'unknown permissions', text: '/dev/a:/dev/b:rx' },
  { name: 'a repeated permission', text: '/dev/a:/dev/b:rr' },
  { name: 'four parts', text: '/dev/a:/dev/b:r:w' },
  { name: 'nothing', text: '' },
  { name: 'a NUL', text: '/dev/a\u0000' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseDevice(text), { code: 'INVALID_ARGUMENT' })
  })
}
