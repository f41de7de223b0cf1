import { listAt, textAt } from '../../api/object.ts'
import type { Client, KindName } from '../../client/client.ts'

export interface CollectableKind extends KindName {
  readonly namespaced: boolean
}

const needed = ['delete', 'get', 'list', 'watch']

/** Every kind that can own and be owned, once each, as the server's discovery says now. Events are nobody's. */
export async function listCollectableKinds(client: Client): Promise<CollectableKind[]> {
  const groups = listAt(await client.request('GET', '/apis'), ['groups'])
  const versions = groups.flatMap(
    (group) => textAt(group, ['preferredVersion', 'groupVersion']) ?? [],
  )
  const lists = await Promise.all([
    kindsOf(client, 'v1', '/api/v1'),
    ...versions.map((version) => kindsOf(client, version, `/apis/${version}`)),
  ])
  return lists.flat()
}

async function kindsOf(
  client: Client,
  apiVersion: string,
  path: string,
): Promise<CollectableKind[]> {
  const resources = listAt(await client.request('GET', path), ['resources'])
  return resources.flatMap((resource) => {
    const verbs = Array.isArray(resource['verbs']) ? resource['verbs'] : []
    const kind = textAt(resource, ['kind']) ?? ''
    const isWhole = !textAt(resource, ['name'])?.includes('/')
    if (!isWhole || kind === 'Event' || !needed.every((verb) => verbs.includes(verb))) return []
    return [{ apiVersion, kind, namespaced: resource['namespaced'] === true }]
  })
}

/** `apps Deployment`: versions of one kind are the same. */
export function groupKind({ apiVersion, kind }: KindName): string {
  const [group, version] = apiVersion.split('/')
  return `${version === undefined ? '' : group} ${kind}`
}
