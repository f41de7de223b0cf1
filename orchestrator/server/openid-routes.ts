import { methodNotAllowed } from '../api/status-error.ts'
import type { PathHandler, PathRoutes } from './path-routes.ts'
import type { TokenIssuer } from './token-issuer.ts'

const keysPath = '/openid/v1/jwks'

/**
 * What lets others check the tokens of service accounts by themselves.
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export function addOpenIdRoutes(routes: PathRoutes, tokens: TokenIssuer): void {
  const { issuer } = tokens
  routes.add(
    '/.well-known/openid-configuration',
    answering('application/json', {
      issuer,
      jwks_uri: `${issuer}${keysPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    }),
  )
  routes.add(keysPath, answering('application/jwk-set+json', { keys: [tokens.publicKey()] }))
}

function answering(type: string, document: object): PathHandler {
  const headers = { 'content-type': type, 'cache-control': 'public, max-age=3600' }
  const body = JSON.stringify(document)
  return ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
    return Promise.resolve({ code: 200, headers, body })
  }
}
