import { badRequest } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { accessDenied } from './authorize.ts'
import type { AccessAttributes } from './authorize.ts'
import type { ApiRequest, User } from './http-message.ts'

// https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/

const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/

/**
 * The request as that of whom its headers name, when who sends it may act as them.
 * @throws StatusError 403
 */
export async function impersonate(context: ApiContext, request: ApiRequest): Promise<ApiRequest> {
  const name = request.headers['impersonate-user']
  // Several headers of one name arrive joined.
  const groups = (request.headers['impersonate-group'] ?? '')
    .split(',')
    .flatMap((entry) => entry.trim() || [])
  const uid = request.headers['impersonate-uid'] || undefined
  const extra = extraOf(request.headers)
  if (name === undefined) {
    const more = groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0
    if (more) throw badRequest('requested details of a user without impersonating one')
    return request
  }
  const account = serviceAccount.exec(name)
  await requireAccess(
    context,
    request.user,
    account
      ? {
          group: '',
          version: 'v1',
          resource: 'serviceaccounts',
          namespace: account[1]!,
          name: account[2]!,
        }
      : { group: '', version: 'v1', resource: 'users', name },
  )
  for (const group of groups)
    await requireAccess(context, request.user, {
      group: '',
      version: 'v1',
      resource: 'groups',
      name: group,
    })
  const authentication = { group: 'authentication.k8s.io', version: 'v1' }
  if (uid !== undefined)
    await requireAccess(context, request.user, { ...authentication, resource: 'uids', name: uid })
  for (const [key, values] of Object.entries(extra))
    for (const value of values)
      await requireAccess(context, request.user, {
        ...authentication,
        resource: 'userextras',
        subresource: key,
        name: value,
      })
  const usual = account
    ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`, 'system:authenticated']
    : [name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated']
  const user: User = {
    name,
    groups: [...new Set([...groups, ...usual])],
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
  return { ...request, user, body: () => request.body() }
}

const extraPrefix = 'impersonate-extra-'

/** `Impersonate-Extra-scopes: a` → scopes: [a]. Names of headers are in small letters, and may be encoded. */
function extraOf(headers: ApiRequest['headers']): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (!name.startsWith(extraPrefix) || value === undefined) return []
      const values = value.split(',').map((one) => one.trim())
      return [[decodeKey(name.slice(extraPrefix.length)), values]]
    }),
  )
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

async function requireAccess(
  { authorize }: ApiContext,
  user: User,
  resource: NonNullable<AccessAttributes['resource']>,
): Promise<void> {
  const attributes = { user, verb: 'impersonate', resource }
  const { allowed } = await authorize(attributes)
  if (!allowed) throw accessDenied(attributes)
}
