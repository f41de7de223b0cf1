import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { OperationError } from '../../../../native/error.ts'
import { eachContainer } from '../each-container.ts'

/** `secret rm` */
export const secretRmCommand: Command = {
  usage: '[OPTIONS] SECRET [SECRET...]',
  summary: 'Remove one or more secrets',
  flags: [
    flag('bool', 'all,a', 'Remove all secrets'),
    flag('bool', 'ignore,i', 'Ignore errors when a specified secret is missing'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const opened = await engine()
    const all = flags.bool('all') ? (await opened.secretList()).map(({ name }) => name) : []
    if (args.length + all.length === 0 && !flags.bool('all'))
      throw new OperationError(
        'INVALID_ARGUMENT',
        'remove secrets',
        {},
        { hint: 'Name some, or use --all' },
      )
    const names = new Set(flags.bool('all') ? all : args)
    return eachContainer({ args: [...names], io, engine }, async (_, secret) => {
      try {
        return (await opened.secretRemove(secret)).id
      } catch (error) {
        const isMissing = error instanceof OperationError && error.code === 'NOT_FOUND'
        if (flags.bool('ignore') && isMissing) return ''
        throw error
      }
    })
  },
}
