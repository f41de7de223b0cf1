import type { Command } from 'commander'
import { addClientFlags, splitTarget, withClient } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'

interface Flags extends ClientFlags {
  readonly output: string
}

/** `myorch why pod/NAME`; for a deployment, one of its pods that something holds up. */
export function addWhy(program: Command): void {
  const command = program
    .command('why')
    .description('Why a pod is where it is, or why it does not run, and what would help')
    .argument('<object...>', 'pod/NAME, or what has pods, like deployment/NAME')
    .option('-o, --output <format>', 'text or json', 'text')
  addClientFlags(command).action(async (target: string[], flags: Flags) => {
    const { kind, name } = splitTarget(target)
    const { kindByName } = await import('../client/kind-by-name.ts')
    const found = kindByName(kind)
    await withClient(flags, async ({ client, namespace }) => {
      const { explainPod, formatExplanation } = await import('../why/explain-pod.ts')
      const { choosePod } = await import('../why/choose-pod.ts')
      const pod = found.kind === 'Pod' ? name : await choosePod(client, found, { namespace, name })
      const explanation = await explainPod(client, namespace, pod)
      process.stdout.write(
        flags.output === 'json'
          ? `${JSON.stringify(explanation, undefined, 2)}\n`
          : formatExplanation(explanation, Date.now()),
      )
    })
  })
}
