import type { Command } from 'commander'
import { listAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import type { ApiResource } from './resources/discover.ts'
import { addSessionAction, CommandFailure, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly allNamespaces?: boolean
  readonly subresource?: string
  readonly list?: boolean
  readonly quiet?: boolean
  readonly headers: boolean
  readonly output?: string
}

const examples = `
Examples:
  myorch auth can-i create pods
  myorch auth can-i get pods/log -n shop
  myorch auth can-i --list
  myorch auth whoami`

/** `myorch auth can-i VERB TYPE` and `myorch auth whoami`. */
export function addAuth(program: Command): void {
  const auth = program
    .command('auth')
    .description('Who one is, and what one may do')
    .enablePositionalOptions()
    .addHelpText('after', examples)
  const can = auth
    .command('can-i')
    .description('Whether one may do something; the exit code is 1 where not')
    .argument('[word...]', 'VERB TYPE [NAME], VERB TYPE/NAME or VERB /PATH')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('--subresource <name>', 'like log or scale')
    .option('--list', 'all that one may')
    .option('-q, --quiet', 'say nothing, but end with the exit code')
    .option('--no-headers', 'without the line of names of columns')
  addSessionAction<Flags>(can, async (session, words, flags) =>
    flags.list ? listRules(session, flags) : askOne(session, words, flags),
  )
  const who = auth
    .command('whoami')
    .description('Whom the server takes one for')
    .option('-o, --output <format>', 'json, yaml, jsonpath=…')
  addSessionAction<Flags>(who, whoAmI)
}

const reviews = '/apis/authorization.k8s.io/v1'

async function review(
  session: Session,
  plural: string,
  kind: string,
  spec: object,
): Promise<unknown> {
  return session.send({
    method: 'POST',
    path: `${reviews}/${plural}`,
    body: { apiVersion: 'authorization.k8s.io/v1', kind, spec },
  })
}

async function askOne(session: Session, words: string[], flags: Flags): Promise<void> {
  const spec = await readQuestion(session, words, flags)
  const answer = await review(session, 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', spec)
  const allowed = valueAt(answer, ['status', 'allowed']) === true
  const reason = textAt(answer, ['status', 'reason']) ?? ''
  const failure = textAt(answer, ['status', 'evaluationError']) ?? ''
  const why = `${reason && ` - ${reason}`}${failure && ` - ${failure}`}`
  if (!flags.quiet) process.stdout.write(allowed ? 'yes\n' : `no${why}\n`)
  if (!allowed) process.exitCode = 1
}

const misuse = `you must specify two arguments: verb resource or verb resource/resourceName.
See 'myorch auth can-i -h' for help and examples.`

async function readQuestion(session: Session, words: string[], flags: Flags): Promise<object> {
  const [verb = '', type = '', third, ...more] = words
  if (verb === '' || type === '' || more.length > 0) throw new CommandFailure(misuse)
  if (type.startsWith('/')) return { nonResourceAttributes: { verb, path: type } }
  const [word = '', inName] = type.split('/')
  const name = inName ?? third
  const resource = await locate(session, word)
  if (resource && !resource.namespaced && !flags.allNamespaces)
    printWarning(
      `resource '${resource.plural}' is not namespace scoped${resource.group && ` in group '${resource.group}'`}\n`,
    )
  return {
    resourceAttributes: {
      namespace: flags.allNamespaces || (resource && !resource.namespaced) ? '' : session.namespace,
      verb,
      group: resource?.group ?? word.split('.').slice(1).join('.'),
      resource: resource?.plural ?? word.split('.')[0],
      ...(name === undefined ? {} : { name }),
      ...(flags.subresource ? { subresource: flags.subresource } : {}),
    },
  }
}

/** A resource that is not there may be asked for all the same. */
async function locate(session: Session, word: string): Promise<ApiResource | undefined> {
  const { findResource } = await import('./resources/discover.ts')
  if (word === '*') return undefined
  try {
    return findResource(await session.resources(), word)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const [name, ...group] = word.split('.')
    const where = group.length === 0 ? '' : ` in group '${group.join('.')}'`
    printWarning(`the server doesn't have a resource type '${name}'${where}\n`)
    return undefined
  }
}

async function listRules(session: Session, flags: Flags): Promise<void> {
  const { makeTextTable } = await import('./resources/text-table.ts')
  const spec = { namespace: session.namespace }
  const answer = await review(session, 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', spec)
  const words = (rule: JsonObject, field: string): string[] =>
    ((rule[field] ?? []) as string[]).map(String)
  const shown = (list: readonly string[]): string => `[${list.join(' ')}]`
  const resources = listAt(answer, ['status', 'resourceRules']).flatMap((rule) =>
    words(rule, 'apiGroups').flatMap((group) =>
      words(rule, 'resources').map((resource) => {
        const names = shown(words(rule, 'resourceNames'))
        const verbs = shown(words(rule, 'verbs'))
        const name = group === '' ? resource : `${resource}.${group}`
        return { key: `${verbs}[${group}][${resource}]${names}[]`, row: [name, '[]', names, verbs] }
      }),
    ),
  )
  const paths = listAt(answer, ['status', 'nonResourceRules']).flatMap((rule) =>
    words(rule, 'nonResourceURLs').map((path) => {
      const verbs = shown(words(rule, 'verbs'))
      return { key: `${verbs}[][][][${path}]`, row: ['', `[${path}]`, '[]', verbs] }
    }),
  )
  const all = [...resources, ...paths]
    .toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row)
  const head = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs']
  process.stdout.write(makeTextTable().format(flags.headers ? [head, ...all] : all))
}

async function whoAmI(session: Session, _words: string[], flags: Flags): Promise<void> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const answer = await session.send({ method: 'POST', path, body })
  if (flags.output !== undefined) {
    const { formatObjects } = await import('./resources/print-objects.ts')
    const { findResource } = await import('./resources/discover.ts')
    const resource = findResource(await session.resources(), 'selfsubjectreviews')
    const printed = [{ resource, object: answer as never }]
    return void process.stdout.write(await formatObjects(flags.output, printed, true))
  }
  const { makeTextTable } = await import('./resources/text-table.ts')
  const info = valueAt(answer, ['status', 'userInfo'])
  const groups = valueAt(info, ['groups'])
  const extra = Object.entries((valueAt(info, ['extra']) ?? {}) as Record<string, string[]>)
  const rows = [
    ['ATTRIBUTE', 'VALUE'],
    ['Username', textAt(info, ['username']) ?? ''],
    ...(textAt(info, ['uid']) ? [['UID', textAt(info, ['uid'])!]] : []),
    ...(Array.isArray(groups) ? [['Groups', `[${groups.join(' ')}]`]] : []),
    ...extra.map(([key, values]) => [`Extra: ${key}`, `[${values.join(' ')}]`]),
  ]
  process.stdout.write(makeTextTable().format(rows))
}
