import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly stdin?: boolean
  readonly tty?: boolean
  readonly container?: string
}

const examples = `
Examples:
  myorch exec web-1 -- ls /
  myorch exec -it deployment/web -- sh
  cat file | myorch exec -i web-1 -c side -- sh -c 'cat > /tmp/file'`

/** `myorch exec POD -- COMMAND`. */
export function addExec(program: Command): void {
  const command = program
    .command('exec')
    .description('Run a command in a container; its exit code is ours')
    .argument('[pod]', 'POD or TYPE/NAME')
    .argument('[command...]', 'behind --')
    .option('-i, --stdin', 'with our standard input')
    .option('-t, --tty', 'with a terminal')
    .option('-c, --container <name>', 'absent: the first one')
    .option('-q, --quiet', 'do not say which container was chosen')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, [word = '', ...words], flags) => {
    const { containerOf, findPods } = await import('./resources/find-pods.ts')
    checkWords(word, words)
    const [pod] = await findPods(session, word, { doing: 'attach to' })
    const isTerminal = flags.tty === true && process.stdin.isTTY
    if (flags.tty && !isTerminal)
      process.stderr.write(
        'Unable to use a TTY - input is not a terminal or the right kind of file\n',
      )
    const query = new URLSearchParams(words.map((each) => ['command', each]))
    if (pod) query.set('container', containerOf(pod, flags.container))
    query.set('stdout', 'true')
    if (flags.stdin) query.set('stdin', 'true')
    query.set(isTerminal ? 'tty' : 'stderr', 'true')
    const { name = '', namespace = '' } = pod?.metadata ?? {}
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/exec?${query.toString()}`
    const { converseHere } = await import('./resources/converse.ts')
    await converseHere(session, path, { stdin: flags.stdin === true, isTerminal })
  })
}

function checkWords(pod: string, words: readonly string[]): void {
  if (pod === '') throw new CommandFailure('pod, type/name or --filename must be specified')
  if (words.length === 0)
    throw new CommandFailure('you must specify at least one command for the container')
  if (!process.argv.includes('--'))
    throw new CommandFailure(
      "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'myorch exec -h' for help and examples",
    )
}
