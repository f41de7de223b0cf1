import type { Command } from 'commander'
import { addClientFlags, splitTarget, withClient } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'
import { readDuration } from './read-duration.ts'

interface Flags extends ClientFlags {
  readonly output: string
  readonly since?: string
}

/** `myorch trace KIND/NAME`. */
export function addTrace(program: Command): void {
  const command = program
    .command('trace')
    .description('What was done for an object: from the write to the system calls, with times')
    .argument('<object...>', 'KIND/NAME, like deployment/web')
    .option('-o, --output <format>', 'text or json', 'text')
    .option('--since <duration>', 'only what began so long ago at most, like 30s or 5m')
  addClientFlags(command).action(async (target: string[], flags: Flags) => {
    const { kind: word, name } = splitTarget(target)
    const { kindByName } = await import('../client/kind-by-name.ts')
    const { collectTrace } = await import('../trace/collect-trace.ts')
    const { formatTrace } = await import('../trace/format-trace.ts')
    const { namespaced, ...kind } = kindByName(word)
    const since =
      flags.since === undefined ? undefined : Date.now() - readDuration('--since', flags.since)
    await withClient(flags, async ({ client, namespace }) => {
      const of = namespaced ? { name, namespace } : { name }
      const trace = await collectTrace(client, kind, of, since)
      const { objects, spans } = trace
      const document = {
        objects: objects.map(({ apiVersion, kind: each, metadata }) => ({
          apiVersion,
          kind: each,
          namespace: metadata.namespace,
          name: metadata.name,
          uid: metadata.uid,
        })),
        spans,
      }
      process.stdout.write(
        flags.output === 'json'
          ? `${JSON.stringify(document, undefined, 2)}\n`
          : formatTrace(trace),
      )
    })
  })
}
