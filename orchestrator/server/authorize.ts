import { forbidden } from '../api/status-error.ts'
import type { StatusError } from '../api/status-error.ts'
import type { User } from './http-message.ts'
import type { ResourceRequest } from './request-info.ts'

/** What somebody wants to do: with a resource, or with a path that is none. */
export interface AccessAttributes {
  readonly user: User
  readonly verb: string
  readonly resource?: Pick<
    ResourceRequest,
    'group' | 'version' | 'resource' | 'subresource' | 'namespace' | 'name'
  >
  readonly path?: string
}

export interface AccessDecision {
  readonly allowed: boolean
  readonly reason?: string
}

export type Authorize = (attributes: AccessAttributes) => Promise<AccessDecision>

/** The refusal in the words that clients know. */
export function accessDenied({ user, verb, resource, path }: AccessAttributes): StatusError {
  const subject = JSON.stringify(user.name)
  if (!resource) {
    const why = `User ${subject} cannot ${verb} path ${JSON.stringify(path ?? '')}`
    return forbidden({ plural: '', group: '' }, '', why)
  }
  const { group, namespace, name = '', subresource } = resource
  const full = subresource === undefined ? resource.resource : `${resource.resource}/${subresource}`
  const scope =
    namespace === undefined
      ? ' at the cluster scope'
      : ` in the namespace ${JSON.stringify(namespace)}`
  const why = `User ${subject} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)}${scope}`
  return forbidden({ plural: resource.resource, group }, name, why)
}
