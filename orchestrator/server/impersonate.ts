import { badRequest } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { accessDenied } from './authorize.ts'
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
  if (name === undefined) {
    if (groups.length > 0) throw badRequest('requested groups without impersonating a user')
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
  const usual = account
    ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`, 'system:authenticated']
    : [name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated']
  const user: User = { name, groups: [...new Set([...groups, ...usual])] }
  return { ...request, user, body: () => request.body() }
}

async function requireAccess(
  { authorize }: ApiContext,
  user: User,
  resource: { group: string; version: string; resource: string; namespace?: string; name: string },
): Promise<void> {
  const attributes = { user, verb: 'impersonate', resource }
  const { allowed } = await authorize(attributes)
  if (!allowed) throw accessDenied(attributes)
}
