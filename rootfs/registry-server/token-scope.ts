import { isRepositoryName } from './names.ts'

// Scopes of registry tokens: "repository:<name>:pull,push", "registry:catalog:*".

/** What a token allows, as its `access` claim says it. */
export interface Scope {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

const maxScopes = 100

/** Read `scope` parameters, each of which may have several with spaces; what is malformed is left out. */
export function readScopes(parameters: readonly string[]): Scope[] {
  return parameters
    .flatMap((parameter) => parameter.split(' '))
    .slice(0, maxScopes)
    .flatMap((text) => {
      const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')]
      if (first < 1 || last === first) return []
      // A class in parentheses may follow the type, which means nothing here.
      const type = text.slice(0, first).replace(/\(.*\)$/, '')
      const name = text.slice(first + 1, last)
      const actions = text
        .slice(last + 1)
        .split(',')
        .filter(Boolean)
      return type === 'repository' && !isRepositoryName(name) ? [] : [{ type, name, actions }]
    })
}

/** Read an `access` claim; what is no scope in it allows nothing. */
export function readAccessClaim(claim: unknown): Scope[] {
  if (!Array.isArray(claim)) return []
  return claim.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return []
    const { type, name, actions } = item as Record<string, unknown>
    if (typeof type !== 'string' || typeof name !== 'string' || !Array.isArray(actions)) return []
    return [{ type, name, actions: actions.filter((action) => typeof action === 'string') }]
  })
}

/** Whether one of the scopes is for exactly this, and has the action or all of them. */
export function covers(
  scopes: readonly Scope[],
  type: string,
  name: string,
  action: string,
): boolean {
  return scopes.some(
    (scope) =>
      scope.type === type &&
      scope.name === name &&
      (scope.actions.includes(action) || scope.actions.includes('*')),
  )
}
