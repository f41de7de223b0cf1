import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, failureText } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { SelectionFlags, Target } from './resources/targets.ts'

interface Flags extends ClientFlags, SelectionFlags {
  readonly filename?: string[]
  readonly recursive?: boolean
  readonly showEvents: boolean
}

const examples = `
Examples:
  myorch describe pod web-1
  myorch describe pods -l app=web
  myorch describe deployment/web service/web
  myorch describe node dev-1
  myorch describe -f app.yaml`

/** `myorch describe TYPE [NAME…]`. */
export function addDescribe(program: Command): void {
  const command = program
    .command('describe')
    .description('Show all that is known of objects, and what happened to them')
    .argument('[target...]', 'TYPE, TYPE NAME…, TYPE/NAME…; a NAME may be the beginning of names')
    .option('-f, --filename <path...>', 'the objects of files, folders, or - for standard input')
    .option('-R, --recursive', 'with the folders within folders')
    .option('-l, --selector <labels>', 'only those with these labels, like app=web')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('--show-events', 'with what happened to them', true)
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { describeObject } = await import('./resources/describe/describe-object.ts')
    const objects = await findObjects(session, words, flags)
    const isByBeginning =
      words.length === 2 && objects.some(({ metadata }) => metadata.name !== words[1])
    for (const [index, object] of objects.entries()) {
      const text = await describeObject(session, object, flags.showEvents)
      // As kubectl divides them.
      const before = index === 0 || isByBeginning ? '' : '\n\n'
      process.stdout.write(`${before}${text}${isByBeginning ? '\n' : ''}`)
    }
    if (objects.length > 0 || process.exitCode !== undefined) return
    const where = flags.allNamespaces ? '' : ` in ${session.namespace} namespace.`
    process.stderr.write(`No resources found${where}\n`)
  })
}

/** What is not there is told of; the others are described all the same. */
async function findObjects(
  session: Session,
  words: readonly string[],
  flags: Flags,
): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  for (const one of await reads(session, words, flags))
    try {
      found.push(...(await one()))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      process.stderr.write(`${failureText(error)}\n`)
      process.exitCode = 1
    }
  return found
}

async function reads(
  session: Session,
  words: readonly string[],
  flags: Flags,
): Promise<(() => Promise<KubeObject[]>)[]> {
  const { listObjects, parseTargets } = await import('./resources/targets.ts')
  if (flags.filename) {
    const { manifestPath, readManifests } = await import('./resources/read-manifests.ts')
    const manifests = await readManifests(session, flags.filename, flags.recursive)
    return manifests.map((manifest) => async () => [
      (await session.send({ path: manifestPath(manifest) })) as KubeObject,
    ])
  }
  const targets = await parseTargets(session, words, 'describe')
  return targets.flatMap((target) =>
    target.names.length === 0
      ? [() => listObjects(session, target.resource, flags)]
      : target.names.map((name) => () => readOrMatch(session, target, name)),
  )
}

/** The object of a name, or else all whose names begin so. */
async function readOrMatch(
  session: Session,
  { resource }: Target,
  name: string,
): Promise<KubeObject[]> {
  const { listObjects, pathOf } = await import('./resources/targets.ts')
  try {
    return [(await session.send({ path: pathOf(session, resource, name) })) as KubeObject]
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'NotFound') throw error
    const all = await listObjects(session, resource)
    const alike = all.filter(({ metadata }) => metadata.name?.startsWith(name))
    if (alike.length === 0) throw error
    return alike
  }
}
