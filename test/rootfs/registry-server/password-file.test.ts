import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import t from 'tap'
import { openPasswordFile, parsePasswords } from '../../../rootfs/registry-server/password-file.ts'

const hash = hashSync('secret', 4)

const refused: { title: string; line: string }[] = [
  { title: 'a plain password', line: 'alice:secret' },
  { title: 'crypt', line: 'alice:rqXexS6ZhobKA' },
  { title: 'MD5', line: 'alice:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00' },
  { title: 'SHA-1', line: 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=' },
  { title: 'SHA-512', line: 'alice:$6$salt$abcdef' },
  { title: 'a bcrypt hash that was cut off', line: `alice:${hash.slice(0, -3)}` },
  { title: 'a line without a user', line: `:${hash}` },
  { title: 'a line without a colon', line: 'alice' },
]

for (const { title, line } of refused)
  t.test(`refuses ${title} and tells the line`, async (t) =>
    t.throws(() => parsePasswords(`# users\n\n${line}\n`, 'f'), {
      code: 'INVALID_ARGUMENT',
      detail: { line: 3 },
    }),
  )

t.test('verifies users, and nobody else', async (t) => {
  const path = join(
    t.testdir({ users: `alice:${hash}\n# c\nbob:${hash.replace('$2b$', '$2y$')}\r\n` }),
    'users',
  )
  const users = openPasswordFile(path, () => t.fail('nothing changed'))
  for (const [user, password, want] of [
    ['alice', 'secret', true],
    ['alice', 'secret', true],
    ['bob', 'secret', true],
    ['alice', 'Secret', false],
    ['alice', '', false],
    ['carol', 'secret', false],
    ['', 'secret', false],
    // "alice" + "secret" is remembered, and not "alices" + "ecret".
    ['alices', 'ecret', false],
    ['__proto__', 'secret', false],
  ] as const)
    t.equal(await users.verify(user, password), want, `${user}:${password}`)
})

t.test('a changed file is read again; a broken one is told, and the users stay', async (t) => {
  const path = join(t.testdir({ users: `alice:${hash}` }), 'users')
  const failures: unknown[] = []
  const users = openPasswordFile(path, (error) => failures.push(error))
  t.ok(await users.verify('alice', 'secret'))
  writeFileSync(path, 'alice:plain text is no hash')
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await until(async () => {
    t.ok(await users.verify('alice', 'secret'))
    return failures.length > 0
  })
  writeFileSync(path, `dora:${hash}`)
  await until(() => users.verify('dora', 'secret'))
  t.notOk(await users.verify('alice', 'secret'), 'what was remembered is forgotten')
})

t.test('a file that is missing is told', async (t) =>
  t.throws(() => openPasswordFile('/nonexistent', () => undefined), { code: 'NOT_FOUND' }),
)
