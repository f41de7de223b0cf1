import type { Command } from 'commander'
import { addClientFlags, withClient } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'
import { readDuration } from './read-duration.ts'

interface CreateFlags extends ClientFlags {
  readonly ttl: string
}

/** `myorch token …`: what machines join with. */
export function addToken(program: Command): void {
  const token = program.command('token').description('Tokens with which machines join as nodes')
  const create = token
    .command('create')
    .description('Make one, and print the command that joins with it')
    .option('--ttl <duration>', 'how long it may be used; 0: for ever', '24h')
  addClientFlags(create).action((flags: CreateFlags) =>
    withClient(flags, async ({ client, server, authority }) => {
      const { createToken } = await import('../join/join-tokens.ts')
      const { authorityHash } = await import('../join/authority-hash.ts')
      const lifetime = readDuration('--ttl', flags.ttl)
      const made = await createToken(client, lifetime === 0 ? undefined : lifetime)
      process.stdout.write(
        `myorch node join ${server} --token ${made} --ca-hash ${authorityHash(authority)}\n`,
      )
    }),
  )
  addClientFlags(token.command('list').description('Those that there are')).action(
    (flags: ClientFlags) =>
      withClient(flags, async ({ client }) => {
        const { listTokens } = await import('../join/join-tokens.ts')
        process.stdout.write('TOKEN    ENDS\n')
        for (const { id, expires } of await listTokens(client))
          process.stdout.write(`${id}   ${expires ?? 'never'}\n`)
      }),
  )
  const remove = token
    .command('delete')
    .description('Nobody can join with it any more; who has joined stays')
    .argument('<token>', 'its first six letters')
  addClientFlags(remove).action((which: string, flags: ClientFlags) =>
    withClient(flags, async ({ client }) => {
      const { deleteToken } = await import('../join/join-tokens.ts')
      await deleteToken(client, which)
      process.stdout.write(`${which.slice(0, 6)}\n`)
    }),
  )
}
