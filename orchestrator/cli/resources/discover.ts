import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import type { Connection } from '../../client/open-connection.ts'
import { CommandFailure } from './session.ts'

/** One kind of object, as the server's discovery tells of it. */
export interface ApiResource {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly string[]
}

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
export async function discover(connection: Connection): Promise<ApiResource[]> {
  const documents = await Promise.all(
    ['/api', '/apis'].map((path) => connection.send({ path, accept: aggregated })),
  )
  return documents
    .flatMap((document) => listAt(document, ['items']))
    .flatMap((group) => listAt(group, ['versions']).map((version) => ({ group, version })))
    .flatMap(({ group, version }) =>
      listAt(version, ['resources']).map((row) =>
        readResource(
          row,
          textAt(group, ['metadata', 'name']) ?? '',
          textAt(version, ['version']) ?? '',
        ),
      ),
    )
}

function readResource(row: JsonObject, group: string, version: string): ApiResource {
  const texts = (field: string): string[] => {
    const list = valueAt(row, [field])
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
  }
  return {
    group,
    version,
    plural: textAt(row, ['resource']) ?? '',
    singular: textAt(row, ['singularResource']) ?? '',
    kind: textAt(row, ['responseKind', 'kind']) ?? '',
    namespaced: textAt(row, ['scope']) === 'Namespaced',
    shortNames: texts('shortNames'),
    categories: texts('categories'),
    verbs: texts('verbs'),
  }
}

/**
 * `po`, `pods`, `deployments.apps`, `deployments.v1.apps`: the first of the server's that is called so.
 * @throws CommandFailure where the server has none
 */
export function findResource(resources: readonly ApiResource[], word: string): ApiResource {
  const [name = '', ...rest] = word.toLowerCase().split('.')
  const within = rest.join('.')
  const named = (each: ApiResource): boolean =>
    each.plural === name ||
    each.singular === name ||
    each.kind.toLowerCase() === name ||
    each.shortNames.includes(name)
  const inGroup = ({ group, version }: ApiResource): boolean =>
    within === '' || group === within || `${version}.${group}` === within
  const found = resources.find((each) => named(each) && inGroup(each))
  if (!found) throw new CommandFailure(`the server doesn't have a resource type "${word}"`)
  return found
}

/** The resource of an object that a file holds. @throws CommandFailure */
export function resourceOf(
  resources: readonly ApiResource[],
  apiVersion: string,
  kind: string,
): ApiResource | undefined {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  return resources.find(
    (each) => each.kind === kind && each.group === group && each.version === version,
  )
}

/** `deployments.apps`, `pods`. */
export function fullName({ plural, group }: ApiResource): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** `deployment.apps/web`. */
export function shownName({ singular, group }: ApiResource, name: string): string {
  return `${singular}${group === '' ? '' : `.${group}`}/${name}`
}
