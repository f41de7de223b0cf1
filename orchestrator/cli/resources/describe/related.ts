import { listAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { StatusError } from '../../../api/status-error.ts'
import type { Selection } from '../../../client/client.ts'
import { selectionPath } from '../../../client/resource-path.ts'
import type { PathKind } from '../../../client/resource-path.ts'
import type { Session } from '../session.ts'

const core = (plural: string, namespaced = true): PathKind => ({
  group: '',
  version: 'v1',
  plural,
  namespaced,
})

export const relatedKinds = {
  pods: core('pods'),
  quotas: core('resourcequotas'),
  limitRanges: core('limitranges'),
  secrets: core('secrets'),
  replicaSets: { group: 'apps', version: 'v1', plural: 'replicasets', namespaced: true },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true },
  slices: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', namespaced: true },
} as const

/** What a description tells of besides its object; nothing where one may not see it. */
export async function related(
  session: Session,
  kind: PathKind,
  selection: Selection,
): Promise<KubeObject[]> {
  try {
    const list = await session.send({ path: selectionPath(kind, selection) })
    return listAt(list, ['items']) as unknown as KubeObject[]
  } catch (error) {
    if (error instanceof StatusError) return []
    throw error
  }
}

/** `spec.selector` of a controller in the form of a query. */
export function selectorQuery(selector: Readonly<Record<string, unknown>>): string {
  return Object.entries(selector)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',')
}
