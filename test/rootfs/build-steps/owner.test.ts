import t from 'tap'
import { resolveOwner } from '../../../rootfs/build-steps/owner.ts'
import { openRoot } from '../../../rootfs/path-in-root.ts'

const files = {
  passwd: [
    'root:x:0:0::/:/bin/sh',
    'app:x:1000:1001::/:/bin/sh',
    '12:x:77:78::/:/bin/sh',
    'broken:x:no:1::/:',
    'huge:x:4294967295:1::/:/',
    'short',
  ].join('\n'),
  group: ['root:x:0:', 'staff:x:50:app', 'broken:x:'].join('\n'),
}

const rows: { text: string; uid: number; gid: number }[] = [
  { text: '5', uid: 5, gid: 5 },
  { text: '5:6', uid: 5, gid: 6 },
  { text: 'app', uid: 1000, gid: 1001 },
  { text: 'app:staff', uid: 1000, gid: 50 },
  { text: '5:staff', uid: 5, gid: 50 },
  { text: 'app:7', uid: 1000, gid: 7 },
  { text: '12', uid: 12, gid: 12 },
  { text: '2147483647', uid: 2_147_483_647, gid: 2_147_483_647 },
]
for (const { text, ...want } of rows)
  t.test(text, async (t) => {
    using root = openRoot(t.testdir({ etc: files }))
    t.strictSame(resolveOwner(root.descriptor, text), want)
  })

const refused: { text: string; code: string }[] = [
  { text: '', code: 'INVALID_ARGUMENT' },
  { text: ':', code: 'INVALID_ARGUMENT' },
  { text: 'app:', code: 'INVALID_ARGUMENT' },
  { text: ':staff', code: 'INVALID_ARGUMENT' },
  { text: 'a:b:c', code: 'INVALID_ARGUMENT' },
  { text: '2147483648', code: 'INVALID_ARGUMENT' },
  { text: '5:99999999999', code: 'INVALID_ARGUMENT' },
  { text: 'nobody', code: 'NOT_FOUND' },
  { text: 'app:nobody', code: 'NOT_FOUND' },
  { text: 'broken', code: 'NOT_FOUND' },
  { text: 'huge', code: 'NOT_FOUND' },
  { text: 'app:broken', code: 'NOT_FOUND' },
  { text: '-1', code: 'NOT_FOUND' },
]
for (const { text, code } of refused)
  t.test(`refuses "${text}"`, async (t) => {
    using root = openRoot(t.testdir({ etc: files }))
    t.throws(() => resolveOwner(root.descriptor, text), { code })
  })

t.test('an image without accounts knows numbers alone', async (t) => {
  using root = openRoot(t.testdir({}))
  t.strictSame(resolveOwner(root.descriptor, '5'), { uid: 5, gid: 5 })
  t.throws(() => resolveOwner(root.descriptor, 'root'), { code: 'NOT_FOUND' })
})
