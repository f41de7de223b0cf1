import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type OrdinaryUser, ordinaryUser } from './ordinary-user.ts'

t.setTimeout(240_000)

// Builds by ordinary users: with ranges of subordinate ids, and with a single id.

const dockerfile = `FROM host AS made
WORKDIR /made/by
COPY f .
RUN echo "$(id -u)" > id && mkdir m && ln -s id m/link && rm f
FROM host
COPY --from=made /made /made
COPY <<E /made/heredoc
text
E
CMD ["/bin/sh", "-c", "cat /made/by/id /made/heredoc"]
`

function writeContext({ folder, uid, gid }: OrdinaryUser): string {
  const context = join(folder, 'context')
  mkdirSync(context)
  for (const [name, content] of [
    ['Dockerfile', dockerfile],
    ['f', 'f'],
  ] as const) {
    writeFileSync(join(context, name), content)
    chownSync(join(context, name), uid, gid)
  }
  chownSync(context, uid, gid)
  return context
}

for (const subordinate of [true, false])
  t.test(
    `a user ${subordinate ? 'with' : 'without'} subordinate ids builds and runs`,
    async (t) => {
      const user = ordinaryUser(t, subordinate)
      const context = writeContext(user)
      const built = await user.myimage('build', '-q', '-t', 'own', context)
      t.equal(built.stderr, '')
      t.equal(built.exitCode, 0)
      t.equal(await user.ok('run', '--rm', 'own'), '0\ntext')
      const again = await user.myimage('build', '--progress', 'plain', '-t', 'own', context)
      t.equal(again.stdout, built.stdout)
      t.notMatch(again.stderr, /RUN.*\n.*DONE/)
    },
  )
