import type { AccessRules } from './access-rules.ts'
import type { Authenticator } from './authenticator.ts'
import type { Client } from './exchange.ts'
import { type Login, basicChallenge } from './login.ts'
import { type RegistryError, refusal } from './registry-error.ts'

/** User and password with every request. */
export function basicAccess(login: Login, rules: AccessRules, realm: string): Authenticator {
  return {
    identify: async (request) => clientOf(rules, await login.check(request)),
    refuse: (_request, { user }, wanted) =>
      user === undefined
        ? (basicChallenge(realm) as RegistryError)
        : refusal(403, 'DENIED', 'this user may not do this', { detail: wanted }),
    isKnown: ({ user }) => user !== undefined,
  }
}

function clientOf(rules: AccessRules, user: string | undefined): Client {
  const sees = (repository: string): boolean => rules.allows(user, 'pull', repository)
  return {
    user,
    may: (action, repository) => rules.allows(user, action, repository),
    sees: user === undefined ? undefined : sees,
  }
}
