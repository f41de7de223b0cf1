import t from 'tap'
import { resolveUser } from '../../../../runtime/container/oci-config/resolve-user.ts'
import type { ResolvedUser } from '../../../../runtime/container/oci-config/resolve-user.ts'

const files = {
  passwd: `root:x:0:0:root:/root:/bin/sh
app:x:1000:1000::/home/app:
nohome:x:1001:1001:::
huge:x:4294967296:0::/huge:
broken:x:-1:0::/:
1234:x:7:7::/seven:
`,
  group: 'root:x:0:\napp:x:1000:\nadm:x:4:app,other\naudio:x:29:app\n',
}

const found: { name: string; user: string; add?: string[]; want: Partial<ResolvedUser> }[] = [
  { name: 'nobody said is root', user: '', want: { uid: 0, gid: 0, home: '/root' } },
  {
    name: 'a name with its groups, the primary first (CVE-2022-36109)',
    user: 'app',
    want: { uid: 1000, gid: 1000, additionalGids: [1000, 4, 29], home: '/home/app' },
  },
  { name: 'an id that passwd has', user: '1000', want: { gid: 1000, name: 'app' } },
  {
    name: 'an id that passwd has not',
    user: '5',
    want: { uid: 5, gid: 0, additionalGids: [0], home: '/' },
  },
  {
    name: 'a group said drops the groups of the name',
    user: 'app:adm',
    want: { gid: 4, additionalGids: [4] },
  },
  {
    name: 'groups added',
    user: 'app:app',
    add: ['29', 'adm', 'keep-groups'],
    want: { additionalGids: [1000, 29, 4] },
  },
  { name: 'a home that is none', user: 'nohome', want: { home: '/' } },
  { name: 'digits are an id, never a name', user: '1234', want: { uid: 1234, home: '/' } },
]

for (const { name, user, add = [], want } of found) {
  t.test(name, async (t) => {
    t.match(resolveUser(user, add, files), want)
  })
}

const missing: { name: string; user: string; add?: string[]; code: string }[] = [
  { name: 'an unknown user', user: 'ghost', code: 'NOT_FOUND' },
  { name: 'an unknown group', user: 'app:ghost', code: 'NOT_FOUND' },
  { name: 'an unknown added group', user: '0', add: ['ghost'], code: 'NOT_FOUND' },
  { name: 'an entry whose id is out of range', user: 'huge', code: 'NOT_FOUND' },
  { name: 'an entry with a negative id', user: 'broken', code: 'NOT_FOUND' },
  { name: 'a malformed user', user: '-1', code: 'INVALID_ARGUMENT' },
]

for (const { name, user, add = [], code } of missing) {
  t.test(`refuses ${name}`, async (t) => {
    t.throws(() => resolveUser(user, add, files), { code })
  })
}
