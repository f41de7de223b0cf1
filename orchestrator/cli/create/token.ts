import type { Command } from 'commander'
import { textAt } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { ClientFlags } from '../client-flags.ts'
import { findResource } from '../resources/discover.ts'
import { addSessionAction, CommandFailure } from '../resources/session.ts'
import { pathOf } from '../resources/targets.ts'

interface Flags extends ClientFlags {
  readonly duration?: string
  readonly audience?: string[]
  readonly output?: string
}

/** `myorch create token SERVICEACCOUNT`. */
export function addCreateToken(create: Command): void {
  const command = create
    .command('token')
    .description('A token of a service account')
    .argument('[name]', 'of the service account')
    .option('--duration <time>', 'how long it is good, like 10m')
    .option('--audience <name...>', 'for whom')
    .option('-o, --output <format>', 'json, yaml, jsonpath=…')
  addSessionAction<Flags>(command, async (session, [name = '', ...more], flags) => {
    const { readGoDuration } = await import('../resources/go-duration.ts')
    if (name === '' || more.length > 0)
      throw new CommandFailure(
        `exactly one NAME is required, got ${name === '' ? 0 : more.length + 1}\nSee 'myorch create token -h' for help and examples`,
      )
    const accounts = findResource(await session.resources(), 'serviceaccounts')
    const seconds =
      flags.duration === undefined
        ? undefined
        : readGoDuration('duration', flags.duration, 'create token') / 1000
    const spec = {
      audiences: flags.audience ?? null,
      ...(seconds === undefined ? {} : { expirationSeconds: seconds }),
    }
    const answer = await session
      .send({
        method: 'POST',
        path: pathOf(session, accounts, name, 'token'),
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
      })
      .catch((error: unknown) => {
        if (!(error instanceof StatusError)) throw error
        throw new CommandFailure(`failed to create token: ${error.message}`)
      })
    if (flags.output === undefined)
      return void process.stdout.write(`${textAt(answer, ['status', 'token']) ?? ''}\n`)
    const { formatObjects } = await import('../resources/print-objects.ts')
    const printed = [{ resource: accounts, object: answer as never }]
    process.stdout.write(await formatObjects(flags.output, printed, true))
  })
}
