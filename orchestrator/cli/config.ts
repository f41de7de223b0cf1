import type { Command } from 'commander'
import type { JsonObject } from '../api/object.ts'
import { acceptFlagForms } from './resources/flag-forms.ts'
import { CommandFailure, reportFailure } from './resources/session.ts'
import type { Kubeconfig, NamedEntry } from './resources/kubeconfig.ts'

interface Flags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly minify?: boolean
  readonly raw?: boolean
  readonly output?: string
  readonly headers?: boolean
  readonly current?: boolean
  readonly cluster?: string
  readonly user?: string
  readonly namespace?: string
}

type Work = (words: readonly string[], flags: Flags) => Promise<void> | void

/** `myorch config view`, `use-context` and the like: the kubeconfig itself. */
export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('See and change the kubeconfig: which clusters there are, and which is meant')
    .enablePositionalOptions()
  verb(config, 'view', 'All of it, without its secrets', view)
    .option('--minify', 'only what the current context needs')
    .option('--raw', 'with its secrets')
    .option('-o, --output <format>', 'yaml, json, jsonpath=…', 'yaml')
  verb(config, 'current-context', 'Which one is meant where none is named', currentContext)
  verb(config, 'use-context', 'Choose it', useContext)
  verb(config, 'get-contexts', 'What there is to choose from', getContexts)
    .option('--no-headers', 'without the line of names of columns')
    .option('-o, --output <format>', 'name')
  verb(config, 'get-clusters', 'The names of clusters', async (_words, flags) =>
    getNames('clusters', flags),
  )
  verb(config, 'get-users', 'The names of users', async (_words, flags) => getNames('users', flags))
  verb(config, 'set-context', 'Make or change one', setContext)
    .option('--current', 'the one that is chosen')
    .option('--cluster <name>', 'where it leads')
    .option('--user <name>', 'as whom')
    .option('-n, --namespace <name>', 'and into which namespace')
  verb(config, 'rename-context', 'Give one another name', renameContext)
  verb(config, 'delete-context', 'Take one away', async (words, flags) =>
    deleteEntry('contexts', 'context', words, flags),
  )
  verb(config, 'delete-cluster', 'Take one away', async (words, flags) =>
    deleteEntry('clusters', 'cluster', words, flags),
  )
  verb(config, 'delete-user', 'Take one away', async (words, flags) =>
    deleteEntry('users', 'user', words, flags),
  )
}

function verb(config: Command, name: string, description: string, work: Work): Command {
  const command = config
    .command(name)
    .description(description)
    .argument('[name...]', 'of what is meant')
    .option('--kubeconfig <file>', 'absent: $KUBECONFIG, else ~/.kube/config')
  if (name === 'view') command.option('--context <name>', 'another than the current one')
  acceptFlagForms(command)
  return command.action(async (words: string[], flags: Flags) =>
    reportFailure(async () => work(words, flags)),
  )
}

const open = async (flags: Flags) =>
  (await import('./resources/kubeconfig.ts')).openKubeconfig(flags.kubeconfig)

async function view(_words: readonly string[], flags: Flags): Promise<void> {
  const { formatObjects } = await import('./resources/print-objects.ts')
  const { shownKubeconfig } = await import('./resources/kubeconfig.ts')
  const { config } = await open(flags)
  const shown = shownKubeconfig(config, {
    minify: flags.minify === true,
    raw: flags.raw === true,
    context: flags.context,
  })
  const printed = [{ resource: undefined as never, object: shown as never }]
  process.stdout.write(await formatObjects(flags.output ?? 'yaml', printed, true))
}

async function currentContext(_words: readonly string[], flags: Flags): Promise<void> {
  const { config } = await open(flags)
  const current = config['current-context']
  if (!current) throw new CommandFailure('current-context is not set')
  process.stdout.write(`${current}\n`)
}

function oneName(words: readonly string[], usage: string): string {
  const [name, ...more] = words
  if (name !== undefined && name !== '' && more.length === 0) return name
  throw new CommandFailure(
    `Unexpected args: [${words.join(' ')}]\nSee 'myorch config ${usage} -h' for help and examples`,
  )
}

async function useContext(words: readonly string[], flags: Flags): Promise<void> {
  const name = oneName(words, 'use-context')
  const { config, save } = await open(flags)
  if (!config.contexts.some((each) => each.name === name))
    throw new CommandFailure(`no context exists with the name: ${JSON.stringify(name)}`)
  save({ ...config, 'current-context': name })
  process.stdout.write(`Switched to context ${JSON.stringify(name)}.\n`)
}

async function getContexts(words: readonly string[], flags: Flags): Promise<void> {
  const { makeTextTable } = await import('./resources/text-table.ts')
  const { config } = await open(flags)
  const missing = words.filter((name) => !config.contexts.some((each) => each.name === name))
  const found = config.contexts
    .filter(({ name }) => words.length === 0 || words.includes(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  if (flags.output === 'name') process.stdout.write(found.map(({ name }) => `${name}\n`).join(''))
  else {
    const head = ['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE']
    const rows = found.map((each) => {
      const context = (each['context'] ?? {}) as Record<string, string | undefined>
      const mark = each.name === config['current-context'] ? '*' : ''
      const { cluster = '', user = '', namespace = '' } = context
      return [mark, each.name, cluster, user, namespace]
    })
    process.stdout.write(makeTextTable().format(flags.headers === false ? rows : [head, ...rows]))
  }
  if (missing.length > 0)
    throw new CommandFailure(missing.map((name) => `context ${name} not found`).join('\n'))
}

async function getNames(list: 'clusters' | 'users', flags: Flags): Promise<void> {
  const { config } = await open(flags)
  const names = config[list].map(({ name }) => name).toSorted()
  process.stdout.write(['NAME', ...names].map((line) => `${line}\n`).join(''))
}

async function setContext(words: readonly string[], flags: Flags): Promise<void> {
  const { config, save } = await open(flags)
  const name = flags.current ? config['current-context'] : oneName(words, 'set-context')
  if (!name) throw new CommandFailure('no current context is set')
  const before = config.contexts.find((each) => each.name === name)
  const { cluster, user, namespace } = flags
  const context: JsonObject = {
    ...(before?.['context'] as JsonObject | undefined),
    ...(cluster === undefined ? {} : { cluster }),
    ...(user === undefined ? {} : { user }),
    ...(namespace === undefined ? {} : { namespace }),
  }
  const contexts = replaced(config.contexts, { name, context })
  save({ ...config, contexts })
  process.stdout.write(
    `Context ${JSON.stringify(name)} ${before === undefined ? 'created' : 'modified'}.\n`,
  )
}

function replaced(list: readonly NamedEntry[], entry: NamedEntry): NamedEntry[] {
  const has = list.some(({ name }) => name === entry.name)
  return has ? list.map((each) => (each.name === entry.name ? entry : each)) : [...list, entry]
}

async function renameContext(words: readonly string[], flags: Flags): Promise<void> {
  const [from = '', to = '', ...more] = words
  if (from === '' || to === '' || more.length > 0)
    throw new CommandFailure(
      `Unexpected args: [${words.join(' ')}]\nSee 'myorch config rename-context -h' for help and examples`,
    )
  const { config, path, save } = await open(flags)
  if (!config.contexts.some(({ name }) => name === from))
    throw new CommandFailure(
      `cannot rename the context ${JSON.stringify(from)}, it's not in ${path}`,
    )
  if (config.contexts.some(({ name }) => name === to))
    throw new CommandFailure(
      `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${path}`,
    )
  const contexts = config.contexts.map((each) =>
    each.name === from ? { ...each, name: to } : each,
  )
  const current = config['current-context']
  save({ ...config, contexts, 'current-context': current === from ? to : current })
  process.stdout.write(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`)
}

async function deleteEntry(
  list: 'contexts' | 'clusters' | 'users',
  word: string,
  words: readonly string[],
  flags: Flags,
): Promise<void> {
  const name = oneName(words, `delete-${word}`)
  const { config, path, save } = await open(flags)
  if (!config[list].some((each) => each.name === name))
    throw new CommandFailure(`cannot delete ${word} ${name}, not in ${path}`)
  if (list === 'contexts' && config['current-context'] === name)
    process.stderr.write(
      'warning: this removed your active context, use "myorch config use-context" to select a different one\n',
    )
  const rest: Kubeconfig = { ...config, [list]: config[list].filter((each) => each.name !== name) }
  save(rest)
  process.stdout.write(`deleted ${word} ${name} from ${path}\n`)
}
