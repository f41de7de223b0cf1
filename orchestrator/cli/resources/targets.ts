import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import { objectPath, selectionPath } from '../../client/resource-path.ts'
import { findResource } from './discover.ts'
import type { ApiResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

/** Objects of one kind that a command line names; without names it is all, or those selected. */
export interface Target {
  readonly resource: ApiResource
  readonly names: readonly string[]
  /** Absent: as the flags say. */
  readonly namespace?: string | undefined
}

export interface SelectionFlags {
  readonly selector?: string
  readonly fieldSelector?: string
  readonly allNamespaces?: boolean
}

/**
 * `pods`, `pods a b`, `pods,svc`, `pod/a svc/b`, `all`.
 * @param verb what is to be done with them, for the message where there is nothing
 * @throws CommandFailure for what the server does not have, and for words that do not go together
 */
export async function parseTargets(
  session: Session,
  words: readonly string[],
  verb: string,
): Promise<Target[]> {
  const [first = '', ...names] = words
  if (first === '') throw new CommandFailure(missingType(verb))
  const resources = await session.resources()
  if (first.includes('/')) return pairs(resources, words)
  if (names.some((name) => name.includes('/'))) throw new CommandFailure(mixedForms)
  return first
    .split(',')
    .flatMap((word) => expand(resources, word))
    .map((resource) => ({ resource, names }))
}

const mixedForms =
  "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'myorch get resource/<resource_name>' instead of 'myorch get resource resource/<resource_name>'"

function missingType(verb: string): string {
  return `You must specify the type of resource to ${verb}. Use "myorch api-resources" for a complete list of supported resources.`
}

function expand(resources: readonly ApiResource[], word: string): ApiResource[] {
  const inCategory = resources.filter((each) => each.categories.includes(word))
  return inCategory.length > 0 ? inCategory : [findResource(resources, word)]
}

function pairs(resources: readonly ApiResource[], words: readonly string[]): Target[] {
  const targets = new Map<ApiResource, string[]>()
  for (const word of words) {
    if (!word.includes('/')) throw new CommandFailure(mixedForms)
    const [kind = '', name = '', ...more] = word.split('/')
    if (kind === '' || name === '' || more.length > 0)
      throw new CommandFailure(
        'arguments in resource/name form must have a single resource and name',
      )
    const resource = findResource(resources, kind)
    targets.set(resource, [...(targets.get(resource) ?? []), name])
  }
  return [...targets].map(([resource, names]) => ({ resource, names }))
}

/** In which namespace objects of a kind are looked for; undefined: all of them, or the kind has none. */
export function namespaceFor(
  session: Session,
  resource: ApiResource,
  flags: SelectionFlags = {},
): string | undefined {
  return resource.namespaced && flags.allNamespaces !== true ? session.namespace : undefined
}

/** The path of one object of a target. */
export function targetPath(session: Session, target: Target, name: string): string {
  const { resource, namespace = namespaceFor(session, resource) } = target
  return objectPath(resource, { name, namespace })
}

export function pathOf(
  session: Session,
  resource: ApiResource,
  name: string,
  subresource?: string,
): string {
  return objectPath(resource, { name, namespace: namespaceFor(session, resource) }, subresource)
}

/** The path of a collection with the selectors of the flags. */
export function collectionPath(
  session: Session,
  resource: ApiResource,
  flags: SelectionFlags,
  more: Readonly<Record<string, string>> = {},
): string {
  return selectionPath(
    resource,
    {
      namespace: namespaceFor(session, resource, flags),
      labelSelector: flags.selector,
      fieldSelector: flags.fieldSelector,
    },
    more,
  )
}

/** The objects of a target, whole. @throws StatusError for a name that there is not */
export async function readObjects(
  session: Session,
  target: Target,
  flags: SelectionFlags = {},
): Promise<KubeObject[]> {
  const { resource, names } = target
  if (names.length > 0)
    return Promise.all(
      names.map(
        async (name) =>
          (await session.send({ path: targetPath(session, target, name) })) as KubeObject,
      ),
    )
  return listObjects(session, resource, flags)
}

export async function listObjects(
  session: Session,
  resource: ApiResource,
  flags: SelectionFlags = {},
): Promise<KubeObject[]> {
  const list = await sendList(session, resource, flags)
  const apiVersion = textAt(list, ['apiVersion']) ?? ''
  return listAt(list, ['items']).map(
    (item) => ({ ...item, apiVersion, kind: resource.kind }) as unknown as KubeObject,
  )
}

/** In which form the server is to answer. */
export interface Form {
  readonly accept: string
  readonly query: Readonly<Record<string, string>>
}

/** What was looked for is told of where the server cannot look for it. @param form absent: plain JSON */
export async function sendList(
  session: Session,
  resource: ApiResource,
  flags: SelectionFlags,
  form?: Form,
): Promise<unknown> {
  const path = collectionPath(session, resource, flags, form?.query)
  try {
    return await session.send({ path, ...(form ? { accept: form.accept } : {}) })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const { code, reason = '' } = error.status
    if (reason !== 'BadRequest' && reason !== 'NotFound') throw error
    const what = `"${resource.group}/${resource.version}, Resource=${resource.plural}"`
    const { selector = '', fieldSelector = '' } = flags
    const text =
      selector === '' && fieldSelector === ''
        ? `Unable to list ${what}`
        : `Unable to find ${what} that match label selector ${JSON.stringify(selector)}, field selector ${JSON.stringify(fieldSelector)}`
    throw new StatusError(code, reason, `${text}: ${error.message}`)
  }
}
