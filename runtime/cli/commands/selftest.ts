import { OperationError } from '../../../native/error.ts'
import type { AttackResult } from '../../selftest/try-attacks.ts'
import { openReadContext } from '../container-flags/read-context.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `selftest`: ends with 1 where an attack got something, 2 where one could not be tried. */
export const selfTestCommand: Command = {
  usage: '--security [OPTIONS] [-- RUN-FLAG...]',
  summary:
    'Attack this host from containers, and say what held. RUN-FLAGs are those of "mycontainer run": how containers with them would fare',
  flags: [
    flag('string', 'format', "'json' for one object a line"),
    flag('bool', 'security', 'What a hostile program in a container would try'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    if (!flags.bool('security'))
      throw new OperationError(
        'INVALID_ARGUMENT',
        'selftest of nothing',
        {},
        { hint: 'There is one kind: --security' },
      )
    const { tryAttacks } = await import('../../selftest/try-attacks.ts')
    const { root } = await engine()
    const counts = { held: 0, broken: 0, untried: 0 }
    for await (const result of tryAttacks({ root, flags: args, context: openReadContext(io) })) {
      counts[result.verdict]++
      io.stdout.write(
        flags.string('format') === 'json' ? `${JSON.stringify(result)}\n` : describe(result),
      )
    }
    if (flags.string('format') !== 'json')
      io.stdout.write(
        `\n${counts.held} held, ${counts.broken} broken, ${counts.untried} not tried\n`,
      )
    return counts.broken > 0 ? 1 : counts.untried > 0 ? 2 : 0
  },
}

const marks = { held: 'held   ', broken: 'BROKEN ', untried: 'UNTRIED' }

function describe({ title, known, verdict, got }: AttackResult): string {
  const names = known.length === 0 ? '' : ` (${known.join(', ')})`
  return `${marks[verdict]}  ${title}${names}\n${got.map((line) => `           ${line}\n`).join('')}`
}
