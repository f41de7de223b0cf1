import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { addClientFlags, splitTarget, withClient } from './client-flags.ts'
import type { ClientFlags } from './client-flags.ts'

interface Flags extends ClientFlags {
  readonly output: string
}

/** `myorch why pod/NAME`. */
export function addWhy(program: Command): void {
  const command = program
    .command('why')
    .description('Why a pod is where it is, or why it does not run, and what would help')
    .argument('<pod...>', 'pod/NAME')
    .option('-o, --output <format>', 'text or json', 'text')
  addClientFlags(command).action(async (target: string[], flags: Flags) => {
    const { kind, name } = splitTarget(target)
    if (!['pod', 'pods', 'po'].includes(kind))
      throw new OperationError(
        'UNSUPPORTED',
        'explain an object',
        { kind, name },
        { hint: 'It explains pods: give pod/NAME' },
      )
    await withClient(flags, async ({ client, namespace }) => {
      const { explainPod, formatExplanation } = await import('../why/explain-pod.ts')
      const explanation = await explainPod(client, namespace, name)
      process.stdout.write(
        flags.output === 'json'
          ? `${JSON.stringify(explanation, undefined, 2)}\n`
          : formatExplanation(explanation, Date.now()),
      )
    })
  })
}
