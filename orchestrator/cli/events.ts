import type { Command } from 'commander'
import { textAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly allNamespaces?: boolean
  readonly for?: string
  readonly types?: string
  readonly watch?: boolean
  readonly output?: string
  readonly headers: boolean
}

const examples = `
Examples:
  myorch events
  myorch events --for pod/web-1
  myorch events --types=Warning -A
  myorch events -w`

/** `myorch events`. */
export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('What happened to the objects of a namespace, the oldest first')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('--for <object>', 'only to one object, TYPE/NAME')
    .option('--types <types>', 'Normal, Warning, or both')
    .option('-w, --watch', 'go on with what happens')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=…')
    .option('--no-headers', 'without the line of names of columns')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, showEvents)
}

async function showEvents(session: Session, _words: string[], flags: Flags): Promise<void> {
  const { findResource } = await import('./resources/discover.ts')
  const { lastSeen } = await import('./resources/describe/events.ts')
  const { listObjects } = await import('./resources/targets.ts')
  const { formatEvents } = await import('./resources/format-events.ts')
  const resource = findResource(await session.resources(), 'events')
  const types = readTypes(flags.types)
  const selection = {
    ...(flags.allNamespaces ? { allNamespaces: true } : {}),
    ...(await selectorFor(session, flags.for)),
  }
  const all = (await listObjects(session, resource, selection)) as unknown as JsonObject[]
  const isWanted = (event: JsonObject): boolean =>
    types.length === 0 || types.includes(textAt(event, ['type'])?.toLowerCase() ?? '')
  const found = all
    .filter(isWanted)
    .map((event) => ({ event, seen: lastSeen(event) }))
    .toSorted((a, b) => (a.seen < b.seen ? -1 : Number(a.seen !== b.seen)))
    .map(({ event }) => event)
  if (found.length === 0 && !flags.watch) {
    const where = flags.allNamespaces ? '.' : ` in ${session.namespace} namespace.`
    return void process.stderr.write(`No events found${where}\n`)
  }
  const print = await formatEvents(resource, flags)
  if (found.length > 0) process.stdout.write(await print(found))
  if (!flags.watch) return
  const { watchEvents } = await import('./resources/format-events.ts')
  await watchEvents(session, resource, selection, async (event) => {
    if (isWanted(event)) process.stdout.write(await print([event]))
  })
}

/** Lower case, as kubectl takes them in any case. @throws CommandFailure */
function readTypes(text: string | undefined): string[] {
  const types = text === undefined ? [] : text.toLowerCase().split(',')
  if (types.some((type) => type !== 'normal' && type !== 'warning'))
    throw new CommandFailure('valid --types are Normal or Warning')
  return types
}

async function selectorFor(
  session: Session,
  word: string | undefined,
): Promise<{ fieldSelector?: string }> {
  if (word === undefined) return {}
  const { parseTargets } = await import('./resources/targets.ts')
  if (!word.includes('/')) throw new CommandFailure('--for must be in resource/name form')
  const [target] = await parseTargets(session, [word], 'find')
  if (!target) return {}
  const { kind } = target.resource
  return {
    fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${target.names[0] ?? ''}`,
  }
}
