import t from 'tap'
import { readPlacement } from '../../../rootfs/host-image/placement.ts'

const rows = [
  ['a name', 'nginx', { source: 'nginx', place: undefined }],
  ['a path', '/opt/x', { source: '/opt/x', place: undefined }],
  ['a path and a place', '/opt/x:/usr/bin/x', { source: '/opt/x', place: '/usr/bin/x' }],
  ['a relative path and a place', 'x:/bin/x', { source: 'x', place: '/bin/x' }],
  ['a place that leads out of the root', 'x:/../../y', { source: 'x', place: '/y' }],
  ['a place with a slash at its end', '/x:/y/', { source: '/x', place: '/y' }],
  ['a colon that parts nothing', '/opt/a:b', { source: '/opt/a:b', place: undefined }],
  ['two colons', '/a:/b:/c', { source: '/a:/b', place: '/c' }],
] as const

for (const [title, text, wanted] of rows)
  t.test(title, async (t) => {
    t.strictSame(readPlacement(text), wanted)
  })

for (const text of ['', ':/x', '/x:/', '/x:/y/..'])
  t.test(`"${text}" is refused`, async (t) => {
    t.throws(() => readPlacement(text), { code: 'INVALID_ARGUMENT' })
  })
