import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { SelectionFlags, Target } from './resources/targets.ts'

export interface GetFlags extends ClientFlags, SelectionFlags {
  readonly output?: string
  readonly watch?: boolean
  readonly watchOnly?: boolean
  readonly outputWatchEvents?: boolean
  readonly headers: boolean
  readonly showLabels?: boolean
  readonly showKind?: boolean
  readonly showManagedFields?: boolean
  readonly labelColumns?: string[]
  readonly sortBy?: string
  readonly ignoreNotFound?: boolean
  readonly filename?: string[]
  readonly recursive?: boolean
  readonly raw?: string
}

const examples = `
Examples:
  myorch get pods -o wide
  myorch get deployment web -o yaml
  myorch get pods,services -l app=web -A
  myorch get pod web-1 -o jsonpath='{.status.podIP}'
  myorch get pods --sort-by=.metadata.creationTimestamp
  myorch get pods -w`

/** `myorch get TYPE [NAME…]`. */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('Show objects of the cluster')
    .argument('[target...]', 'TYPE, TYPE NAME…, TYPE,TYPE or TYPE/NAME…')
    .option('-o, --output <format>', 'wide, json, yaml, name, jsonpath=…, custom-columns=…')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'only those with these labels, like app=web')
    .option('--field-selector <fields>', 'only those with these fields')
    .option('--sort-by <path>', 'in the order of a field, like .metadata.name')
    .option('-w, --watch', 'go on with what changes')
    .option('--watch-only', 'only what changes')
    .option('--output-watch-events', 'with what happened, when watching')
    .option('--show-labels', 'with a column of labels')
    .option('-L, --label-columns <labels>', 'with a column for each label, a,b', splitWords)
    .option('--show-kind', 'with the kind before each name')
    .option('--show-managed-fields', 'with who owns which field, in json and yaml')
    .option('--no-headers', 'without the line of names of columns')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .option('-f, --filename <path...>', 'the objects of files, folders, or - for standard input')
    .option('-R, --recursive', 'with the folders within folders')
    .option('--chunk-size <number>', 'accepted, and of no consequence')
    .option('--raw <path>', 'what the server answers at a path')
    .addHelpText('after', examples)
  addSessionAction<GetFlags>(command, get)
}

async function get(session: Session, words: string[], flags: GetFlags): Promise<void> {
  if (flags.raw !== undefined) return printRaw(session, flags.raw)
  const targets = await findTargets(session, words, flags)
  const isTable = flags.output === undefined || flags.output === 'wide'
  if (!isTable) {
    const { printObjects } = await import('./resources/get-objects.ts')
    return printObjects(session, targets, flags)
  }
  const { printTables } = await import('./resources/get-tables.ts')
  return printTables(session, targets, flags)
}

async function findTargets(
  session: Session,
  words: string[],
  flags: GetFlags,
): Promise<readonly Target[]> {
  if (flags.filename) {
    const { readManifests } = await import('./resources/read-manifests.ts')
    const manifests = await readManifests(session, flags.filename, flags.recursive)
    return manifests.map(({ resource, name, namespace }) => ({
      resource,
      names: [name],
      namespace,
    }))
  }
  if (words.length === 0) {
    process.stderr.write(
      'You must specify the type of resource to get. Use "myorch api-resources" for a complete list of supported resources.\n\n',
    )
    throw new CommandFailure(
      `Required resource not specified.\nUse "myorch explain <resource>" for a detailed description of that resource (e.g. myorch explain pods).\nSee 'myorch get -h' for help and examples`,
    )
  }
  const { parseTargets } = await import('./resources/targets.ts')
  const targets = await parseTargets(session, words, 'get')
  const isWatch = flags.watch || flags.watchOnly
  if (isWatch && targets.length > 1)
    throw new CommandFailure('you may only specify a single resource type')
  const isSelected = flags.selector !== undefined || flags.fieldSelector !== undefined
  if (isSelected && targets.some(({ names }) => names.length > 0))
    throw new CommandFailure('name cannot be provided when a selector is specified')
  if (flags.allNamespaces && targets.some(({ names }) => names.length > 0))
    throw new CommandFailure('a resource cannot be retrieved by name across all namespaces')
  return targets
}

async function printRaw(session: Session, path: string): Promise<void> {
  const { pipeline } = await import('node:stream/promises')
  const response = await session.stream({ path, accept: '*/*' })
  await pipeline(response, process.stdout, { end: false })
}

function splitWords(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',')]
}
