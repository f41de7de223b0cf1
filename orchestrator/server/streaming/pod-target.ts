import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { badRequest } from '../../api/status-error.ts'
import type { KindRegistry } from '../kind-registry.ts'
import type { ResourceRequest } from '../request-info.ts'
import type { ResourceService } from '../resource-service.ts'

export interface ConnectorTools {
  readonly resources: ResourceService
  readonly registry: KindRegistry
}

export function readPod(
  { resources, registry }: ConnectorTools,
  { namespace, name = '' }: Pick<ResourceRequest, 'namespace' | 'name'>,
): Promise<KubeObject> {
  return resources.get(registry.byKind('v1', 'Pod')!, namespace, name)
}

/** The node that a pod is on. @throws StatusError 400 while it is on none */
export function nodeOf({ metadata, spec }: KubeObject): string {
  const node = textAt(spec, ['nodeName'])
  if (!node) throw badRequest(`pod ${metadata.name} does not have a host assigned`)
  return node
}

/** The container that is meant. @throws StatusError 400 for a name that is none, or none where there are several */
export function chooseContainer({ metadata, spec }: KubeObject, wanted: string | null): string {
  const names = (list: string) => listAt(spec, [list]).map((one) => textAt(one, ['name']) ?? '')
  const containers = names('containers')
  const all = [...containers, ...names('initContainers'), ...names('ephemeralContainers')]
  if (!wanted) {
    if (containers.length === 1) return containers[0]!
    throw badRequest(
      `a container name must be specified for pod ${metadata.name}, choose one of: [${containers.join(' ')}]`,
    )
  }
  if (all.includes(wanted)) return wanted
  throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
}

/** `/exec/default/web/nginx`: the path of an agent about a container. */
export function agentPath(action: string, { metadata }: KubeObject, container?: string): string {
  const parts = [metadata.namespace ?? '', metadata.name ?? '', ...(container ? [container] : [])]
  return `/${action}/${parts.map(encodeURIComponent).join('/')}`
}
