import { invalidValue } from '../../container/parse/invalid-value.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { eachContainer } from './each-container.ts'

/** `wait` */
export const waitCommand: Command = {
  usage: 'CONTAINER [CONTAINER...]',
  summary: 'Block until one or more containers stop, then print their exit codes',
  flags: [
    flag('string', 'condition', 'Wait for stopped, running or removed', { default: 'stopped' }),
    flag('string', 'interval,i', '', { hidden: true }),
  ],
  minimumArguments: 1,
  interspersed: true,
  async run(invocation) {
    const condition = waitCondition(invocation.flags.string('condition') ?? 'stopped')
    return eachContainer(invocation, async (engine, container) =>
      String(await engine.wait(container, condition)),
    )
  },
}

function waitCondition(text: string): 'stopped' | 'removed' | 'running' {
  if (text === 'exited' || text === 'stopped') return 'stopped'
  if (text === 'removed' || text === 'running') return text
  throw invalidValue('condition', text, 'The conditions are stopped, running and removed')
}
