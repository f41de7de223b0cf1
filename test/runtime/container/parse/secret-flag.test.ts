import t from 'tap'
import { parseSecretFlag } from '../../../../runtime/container/parse/secret-flag.ts'

const file = { type: 'mount', source: 's', target: '/run/secrets/s', uid: 0, gid: 0, mode: 0o444 }

const rows: readonly (readonly [text: string, wanted: object])[] = [
  ['s', file],
  ['source=s,type=mount', file],
  [
    's,target=t,uid=5,gid=6,mode=0400',
    { ...file, target: '/run/secrets/t', uid: 5, gid: 6, mode: 0o400 },
  ],
  ['s,target=/etc/key', { ...file, target: '/etc/key' }],
  ['s,type=env', { type: 'env', source: 's', target: 's' }],
  ['s,type=env,target=PASSWORD', { type: 'env', source: 's', target: 'PASSWORD' }],
]
for (const [text, wanted] of rows)
  t.test(text, async (t) => {
    t.strictSame(parseSecretFlag(text), wanted)
  })

for (const text of [
  '',
  's,type=x',
  's,size=1',
  's,mode=9',
  's,target=../x',
  's,type=env,uid=1',
  's,uid=a',
  's,uid=1,uid=2',
  'type=env',
])
  t.test(`refused: ${text}`, async (t) => {
    t.throws(() => parseSecretFlag(text), { code: 'INVALID_ARGUMENT' })
  })
