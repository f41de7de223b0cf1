import type { Command } from 'commander'
import { plainText } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { splitLists } from './create/read-flags.ts'
import { changeTemplate, containersAt, ofNames } from './resources/change-template.ts'
import type { TemplateFlags } from './resources/change-template.ts'
import { addChangeFlags } from './resources/change-objects.ts'
import { addFlag } from './resources/flag-forms.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface ResourceFlags extends TemplateFlags {
  readonly containers: string
  readonly limits?: string
  readonly requests?: string
}

interface VariableFlags extends TemplateFlags {
  readonly containers: string
  readonly env?: string[]
  readonly list?: boolean
}

/** `myorch set image | env | resources | serviceaccount`. */
export function addSet(program: Command): void {
  const set = program
    .command('set')
    .description('Change what pods are made with')
    .enablePositionalOptions()
  addSetImage(set)
  addSetEnvironment(set)
  addSetResources(set)
  addSetServiceAccount(set)
}

function verb(set: Command, name: string, description: string, words: string): Command {
  const command = set.command(name).description(description).argument('[target...]', words)
  return addChangeFlags(command, 'kubectl-set')
}

const isPair = (word: string): boolean => word.includes('=')

function addSetImage(set: Command): void {
  const words = 'TYPE NAME or TYPE/NAME, then CONTAINER=IMAGE…'
  const command = verb(set, 'image', 'Which image containers run', words)
  addSessionAction<TemplateFlags>(command, async (session, given, flags) => {
    const pairs = given.filter(isPair).map((pair) => {
      const [name = '', ...image] = pair.split('=')
      return { name, image: image.join('=') }
    })
    const targets = given.filter((word) => !isPair(word))
    if (pairs.length === 0) throw new CommandFailure('at least one image update is required')
    await changeTemplate(session, targets, flags, {
      done: 'image updated',
      change: (spec) => {
        for (const { name, image } of pairs) {
          const found = containersAt(spec, true).filter(
            (each) => name === '*' || each['name'] === name,
          )
          if (found.length === 0)
            throw new CommandFailure(`unable to find container named ${JSON.stringify(name)}`)
          for (const container of found) container['image'] = image
        }
      },
    })
  })
}

function addSetEnvironment(set: Command): void {
  const words = 'TYPE NAME or TYPE/NAME, then NAME=VALUE… and NAME-…'
  const command = verb(set, 'env', 'Which variables containers have', words)
    .option('-c, --containers <name>', 'which containers; * is any text', '*')
    .option('--list', 'show them')
  addFlag(command, '-e, --env <name=value...>', 'a variable')
  addSessionAction<VariableFlags>(command, async (session, given, flags) => {
    const isVariable = (word: string): boolean => isPair(word) || word.endsWith('-')
    const changes = [...given.filter(isVariable), ...(flags.env ?? [])]
    const targets = given.filter((word) => !isVariable(word))
    await changeTemplate(session, targets, flags, {
      done: 'env updated',
      ...(flags.list ? { show: (object, spec) => listVariables(object, spec, flags) } : {}),
      change: (spec) => {
        for (const container of ofNames(containersAt(spec), flags.containers))
          setVariables(container, changes)
      },
    })
  })
}

function setVariables(container: JsonObject, changes: readonly string[]): void {
  const list = (container['env'] ?? []) as JsonObject[]
  for (const change of changes) {
    const [name = '', ...value] = change.split('=')
    if (value.length === 0) {
      const at = list.findIndex((each) => each['name'] === name.slice(0, -1))
      if (at !== -1) list.splice(at, 1)
      continue
    }
    const made = { name, value: value.join('=') }
    const at = list.findIndex((each) => each['name'] === name)
    if (at === -1) list.push(made)
    else list[at] = made
  }
  container['env'] = list
}

function listVariables(shown: string, spec: JsonObject, flags: VariableFlags): void {
  for (const container of ofNames(containersAt(spec), flags.containers)) {
    process.stdout.write(`# ${shown}, container ${plainText(container['name'])}\n`)
    for (const each of (container['env'] ?? []) as JsonObject[])
      process.stdout.write(`${variableLine(each)}\n`)
  }
}

function variableLine({ name, value, valueFrom }: JsonObject): string {
  const shown = plainText(name)
  if (valueFrom === undefined) return `${shown}=${plainText(value ?? '')}`
  const from = valueFrom as Record<string, JsonObject | undefined>
  const { configMapKeyRef: config, secretKeyRef: secret, fieldRef: field } = from
  if (config)
    return `# ${shown} from configmap ${plainText(config['name'])}, key ${plainText(config['key'])}`
  if (secret)
    return `# ${shown} from secret ${plainText(secret['name'])}, key ${plainText(secret['key'])}`
  if (field) return `# ${shown} from field path ${plainText(field['fieldPath'])}`
  const { resource } = from['resourceFieldRef'] ?? {}
  return `# ${shown} from resource field ${plainText(resource)}`
}

function addSetResources(set: Command): void {
  const words = 'TYPE NAME or TYPE/NAME'
  const command = verb(set, 'resources', 'How much containers may use', words)
    .option('-c, --containers <name>', 'which containers; * is any text', '*')
    .option('--limits <amounts>', 'like cpu=200m,memory=512Mi')
    .option('--requests <amounts>', 'the same')
  addSessionAction<ResourceFlags>(command, async (session, targets, flags) => {
    const { limits, requests } = flags
    if (limits === undefined && requests === undefined)
      throw new CommandFailure(
        'you must specify an update to requests or limits (in the form of --requests/--limits)',
      )
    const amounts = { limits: readAmounts(limits), requests: readAmounts(requests) }
    await changeTemplate(session, targets, flags, {
      done: 'resource requirements updated',
      change: (spec) => {
        const found = ofNames(containersAt(spec), flags.containers)
        if (found.length === 0)
          throw new CommandFailure(`unable to find container named ${flags.containers}`)
        for (const container of found) {
          const resources = (container['resources'] ??= {}) as JsonObject
          for (const [field, wanted] of Object.entries(amounts))
            if (wanted) resources[field] = { ...(resources[field] as JsonObject), ...wanted }
        }
      },
    })
  })
}

function readAmounts(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined
  return Object.fromEntries(
    splitLists([text]).map((pair) => {
      const [name = '', value, ...more] = pair.split('=')
      if (value === undefined || more.length > 0)
        throw new CommandFailure(`Invalid argument syntax ${pair}, expected <resource>=<value>`)
      return [name, value]
    }),
  )
}

function addSetServiceAccount(set: Command): void {
  const words = 'TYPE NAME or TYPE/NAME, then the service account'
  const command = verb(set, 'serviceaccount', 'As whom pods run', words).alias('sa')
  addSessionAction<TemplateFlags>(command, async (session, given, flags) => {
    const account = given.at(-1)
    if (account === undefined) throw new CommandFailure('serviceaccount is required')
    await changeTemplate(session, given.slice(0, -1), flags, {
      done: 'serviceaccount updated',
      always: true,
      change: (spec) => {
        spec['serviceAccountName'] = account
        spec['serviceAccount'] = account
      },
    })
  })
}
