import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly stdin?: boolean
  readonly tty?: boolean
  readonly container?: string
  readonly quiet?: boolean
}

/** `myorch attach POD`. */
export function addAttach(program: Command): void {
  const command = program
    .command('attach')
    .description('See what a container writes, and write to it')
    .argument('[pod...]', 'POD or TYPE/NAME')
    .option('-i, --stdin', 'with our standard input')
    .option('-t, --tty', 'with the terminal of the container')
    .option('-c, --container <name>', 'absent: the first one')
    .option('-q, --quiet', 'do not say how to begin')
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { containerOf, findPods } = await import('./resources/find-pods.ts')
    const { converseHere } = await import('./resources/converse.ts')
    const [word, ...more] = words
    if (word === undefined) throw new CommandFailure('at least 1 argument is required for attach')
    if (more.length > 0)
      throw new CommandFailure(
        `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${words.length}: [${words.join(' ')}]`,
      )
    const [pod] = await findPods(session, word, { doing: 'attach to' })
    if (!pod) return
    const isTerminal = flags.tty === true && process.stdin.isTTY
    const query = new URLSearchParams({
      container: containerOf(pod, flags.container),
      stdout: 'true',
    })
    if (flags.stdin) query.set('stdin', 'true')
    query.set(isTerminal ? 'tty' : 'stderr', 'true')
    if (flags.stdin && !flags.quiet)
      process.stderr.write("If you don't see a command prompt, try pressing enter.\n")
    const { name = '', namespace = '' } = pod.metadata
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/attach?${query.toString()}`
    await converseHere(session, path, { stdin: flags.stdin === true, isTerminal })
  })
}
