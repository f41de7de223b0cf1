import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { packageRoot } from '../../native/paths.ts'
import { textAt } from '../api/object.ts'
import { addClientFlags } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'
import { acceptFlagForms } from './resources/flag-forms.ts'
import { CommandFailure, openSession, reportFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly client?: boolean
  readonly output?: string
}

export function ownVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function clientVersion() {
  const processor = process.arch === 'x64' ? 'amd64' : process.arch
  return { gitVersion: `v${ownVersion()}`, platform: `linux/${processor}` }
}

/** `myorch version`: our own, and that of the server. */
export function addVersion(program: Command): void {
  const command = program
    .command('version')
    .description('The version of this command, and that of the server')
    .option('--client', 'only our own')
    .option('-o, --output <format>', 'json or yaml')
  const print = async (server: unknown, { output }: Flags): Promise<void> => {
    if (output !== undefined && output !== 'json' && output !== 'yaml')
      throw new CommandFailure("--output must be 'yaml' or 'json'")
    const both = {
      clientVersion: clientVersion(),
      ...(server === undefined ? {} : { serverVersion: server }),
    }
    if (output === 'json')
      return void process.stdout.write(`${JSON.stringify(both, undefined, 2)}\n`)
    if (output === 'yaml') {
      const { formatYaml } = await import('./resources/print-objects.ts')
      return void process.stdout.write(await formatYaml(both))
    }
    process.stdout.write(`Client Version: v${ownVersion()}\n`)
    const version = textAt(server, ['gitVersion'])
    if (version !== undefined) process.stdout.write(`Server Version: ${version}\n`)
  }
  acceptFlagForms(command)
  addClientFlags(command).action(async (flags: Flags) =>
    reportFailure(async () => {
      if (flags.client) return print(undefined, flags)
      const session = await openSession(flags)
      try {
        await print(await session.send({ path: '/version' }), flags)
      } catch (error) {
        // Ours is known all the same.
        await print(undefined, flags)
        throw error
      } finally {
        session.close()
      }
    }),
  )
}
