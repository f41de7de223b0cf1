import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'

/** `completion` */
export const completionCommand: Command = {
  usage: 'bash|fish|zsh',
  summary: 'Print a script that completes commands in a shell',
  flags: [],
  minimumArguments: 1,
  // What the script asks: any words, of which none is a flag of ours.
  interspersed: false,
  async run({ args, io, engine }) {
    const [shell = '', ...words] = args
    if (shell === 'words') {
      const { completeWords } = await import('../completion/complete-words.ts')
      const found = await completeWords(words, engine)
      const lines =
        found === 'files' ? [':files'] : found.map(({ word, about }) => `${word}\t${about}`)
      io.stdout.write(lines.map((line) => `${line}\n`).join(''))
      return 0
    }
    const { shellScripts } = await import('../completion/shell-scripts.ts')
    const script = Object.hasOwn(shellScripts, shell) ? shellScripts[shell] : undefined
    if (script === undefined || words.length > 0)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'print a completion script',
        { shell: shell.slice(0, 40) },
        { hint: 'The shells are bash, fish and zsh' },
      )
    io.stdout.write(script)
    return 0
  },
}
