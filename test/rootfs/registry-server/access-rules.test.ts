import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  equalAccess,
  openAccessFile,
  parseAccessRules,
} from '../../../rootfs/registry-server/access-rules.ts'

const text = `
# comment
alice team/** pull,push   # her team
bob team/* pull
* shared/docs *
anonymous public/** pull
anonymous.user weird pull
`
const path = join(t.testdir({ access: text }), 'access')
const rules = openAccessFile(path, false, () => undefined)

const rows: {
  user: string | undefined
  action: 'pull' | 'push' | 'delete'
  repository: string
  want: boolean
}[] = [
  { user: 'alice', action: 'push', repository: 'team/app', want: true },
  { user: 'alice', action: 'pull', repository: 'team/a/b/c', want: true },
  { user: 'alice', action: 'delete', repository: 'team/app', want: false },
  { user: 'alice', action: 'pull', repository: 'team', want: false },
  { user: 'alice', action: 'pull', repository: 'teamwork/app', want: false },
  { user: 'alice', action: 'pull', repository: 'other/team/app', want: false },
  { user: 'bob', action: 'pull', repository: 'team/app', want: true },
  { user: 'bob', action: 'pull', repository: 'team/a/b', want: false },
  { user: 'bob', action: 'push', repository: 'team/app', want: false },
  { user: 'carol', action: 'delete', repository: 'shared/docs', want: true },
  { user: undefined, action: 'pull', repository: 'shared/docs', want: false },
  { user: undefined, action: 'pull', repository: 'public/x', want: true },
  { user: undefined, action: 'push', repository: 'public/x', want: false },
  // Whoever names themselves so in the password file gains nothing by it.
  { user: 'anonymous', action: 'pull', repository: 'public/x', want: false },
  { user: '*', action: 'push', repository: 'team/app', want: false },
]

for (const { user, action, repository, want } of rows)
  t.test(`${user ?? 'nobody'} may ${want ? '' : 'not '}${action} ${repository}`, async (t) =>
    t.equal(rules.allows(user, action, repository), want),
  )

t.test('anonymous pull is for every repository', async (t) => {
  const open = openAccessFile(path, true, () => undefined)
  t.ok(open.allows(undefined, 'pull', 'team/app'))
  t.notOk(open.allows(undefined, 'push', 'team/app'))
  t.ok(equalAccess(true).allows(undefined, 'pull', 'x'))
  t.notOk(equalAccess(false).allows(undefined, 'pull', 'x'))
  t.ok(equalAccess(false).allows('alice', 'delete', 'x'))
})

const malformed = [
  'alice',
  'alice team',
  'alice team pull extra',
  'alice team fly',
  'alice ../x pull',
  'alice (a+)+ pull',
]
for (const line of malformed)
  t.test(`refuses the line "${line}" and tells its number`, async (t) =>
    t.throws(() => parseAccessRules(`\n${line}`, 'f'), {
      code: 'INVALID_ARGUMENT',
      detail: { line: 2 },
    }),
  )

t.test('a file that is missing is told', async (t) =>
  t.throws(() => openAccessFile('/nonexistent', false, () => undefined), { code: 'NOT_FOUND' }),
)

t.test('a changed file is read again; a broken one is told, and the rules stay', async (t) => {
  const file = join(t.testdir({ access: 'alice x pull' }), 'access')
  const failures: unknown[] = []
  const changing = openAccessFile(file, false, (error) => failures.push(error))
  const may = (action: 'pull' | 'push'): boolean => changing.allows('alice', action, 'x')
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  writeFileSync(file, 'alice x fly')
  await until(() => may('pull') && failures.length > 0)
  t.notOk(may('push'))
  writeFileSync(file, 'alice x pull,push')
  await until(() => may('push'))
  t.equal(failures.length, 1)
})
