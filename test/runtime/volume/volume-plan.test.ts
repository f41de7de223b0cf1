import t from 'tap'
import { type VolumePlan, planVolume } from '../../../runtime/volume/volume-plan.ts'

type Options = Readonly<Record<string, string>>

const rows: readonly (readonly [title: string, options: Options, plan: VolumePlan | undefined])[] =
  [
    ['nothing', {}, undefined],
    ['a size', { size: '2m' }, { kind: 'disk', bytes: 2 * 1024 * 1024 }],
    [
      'a bind',
      { type: 'none', o: 'bind', device: '/x' },
      { kind: 'bind', source: '/x', readOnly: false },
    ],
    ['read-only', { o: 'ro,rbind', device: '/x' }, { kind: 'bind', source: '/x', readOnly: true }],
    ['a tmpfs', { type: 'tmpfs' }, { kind: 'mount', type: 'tmpfs', device: 'tmpfs', options: '' }],
    [
      'a tmpfs as docker’s manual has it',
      { type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000' },
      { kind: 'mount', type: 'tmpfs', device: 'tmpfs', options: 'size=100m,uid=1000' },
    ],
    [
      'a tmpfs with a size beside its options',
      { type: 'tmpfs', o: 'uid=1', size: '1k' },
      { kind: 'mount', type: 'tmpfs', device: 'tmpfs', options: 'uid=1,size=1024' },
    ],
    [
      'NFS with its server among the options',
      { type: 'nfs', o: 'addr=10.0.0.1,rw', device: ':/path' },
      { kind: 'mount', type: 'nfs', device: '10.0.0.1:/path', options: 'addr=10.0.0.1,rw' },
    ],
    [
      'a server with an IPv6 address',
      { type: 'nfs4', o: 'addr=fd00::1', device: ':/' },
      { kind: 'mount', type: 'nfs4', device: '[fd00::1]:/', options: 'addr=fd00::1' },
    ],
  ]
for (const [title, options, plan] of rows)
  t.test(title, async (t) => {
    t.strictSame(planVolume(options), plan)
  })

const refused: readonly (readonly [title: string, options: Options])[] = [
  ['an unknown option', { typ: 'tmpfs' }],
  ['options without a type', { o: 'size=1m' }],
  ['a device without a type', { device: '/dev/sdz' }],
  ['a type without a device', { type: 'ext4' }],
  ['a type that is a flag', { type: '-a b', device: '/x' }],
  ['a bind of a relative path', { type: 'none', o: 'bind', device: 'x' }],
  ['a bind with a type', { type: 'ext4', o: 'bind', device: '/x' }],
  ['a size of what has one', { type: 'ext4', device: '/x', size: '1m' }],
  ['no size', { size: 'big' }],
]
for (const [title, options] of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.throws(() => planVolume(options), { code: 'INVALID_ARGUMENT' })
  })
