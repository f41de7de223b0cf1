import t from 'tap'
import { covers, readAccessClaim, readScopes } from '../../../rootfs/registry-server/token-scope.ts'

const scopes: { title: string; given: string[]; want: object[] }[] = [
  {
    title: 'a repository with actions',
    given: ['repository:team/app:pull,push'],
    want: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
  },
  {
    title: 'several in one parameter and in several',
    given: ['repository:a:pull repository:b:pull', 'registry:catalog:*'],
    want: [
      { type: 'repository', name: 'a', actions: ['pull'] },
      { type: 'repository', name: 'b', actions: ['pull'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
    ],
  },
  {
    title: 'a class in parentheses',
    given: ['repository(plugin):a:pull'],
    want: [{ type: 'repository', name: 'a', actions: ['pull'] }],
  },
  { title: 'malformed ones', given: ['', 'repository', 'repository:a', ':a:b', 'x'], want: [] },
  {
    title: 'names outside of the grammar',
    given: ['repository:../x:pull', 'repository:A:pull', 'repository:a:b:pull'],
    want: [],
  },
]

for (const { title, given, want } of scopes)
  t.test(`scopes: ${title}`, async (t) => t.same(readScopes(given), want))

const claim = [
  { type: 'repository', name: 'team/app', actions: ['pull'] },
  { type: 'repository', name: 'own', actions: ['*'] },
  { type: 'registry', name: 'team/x', actions: ['push'] },
]
const covered: { type: string; name: string; action: string; want: boolean }[] = [
  { type: 'repository', name: 'team/app', action: 'pull', want: true },
  { type: 'repository', name: 'team/app', action: 'push', want: false },
  { type: 'repository', name: 'team/app/sub', action: 'pull', want: false },
  { type: 'repository', name: 'team', action: 'pull', want: false },
  { type: 'repository', name: 'own', action: 'delete', want: true },
  { type: 'repository', name: 'team/x', action: 'push', want: false },
  { type: 'registry', name: 'catalog', action: '*', want: false },
]
for (const { type, name, action, want } of covered)
  t.test(`a token ${want ? 'covers' : 'does not cover'} ${type}:${name}:${action}`, async (t) =>
    t.equal(covers(readAccessClaim(claim), type, name, action), want),
  )

for (const nonsense of [
  undefined,
  null,
  'all',
  {},
  [null],
  [{}],
  [{ type: 'repository', name: 'a', actions: 'pull' }],
])
  t.test(`the claim ${JSON.stringify(nonsense)} allows nothing`, async (t) =>
    t.notOk(covers(readAccessClaim(nonsense), 'repository', 'a', 'pull')),
  )
