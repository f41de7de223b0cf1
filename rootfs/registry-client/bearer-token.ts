import { OperationError } from '../../native/error.ts'
import type { Credential } from '../credentials/credential.ts'
import type { Challenge } from './challenge.ts'
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts'
import { readBody } from './read-body.ts'
import { registryMessage } from './registry-error.ts'

export interface BearerToken {
  readonly token: string
  /** Milliseconds since 1970 until which it is used. */
  readonly until: number
}

export interface TokenRequest {
  /** The registry's challenge: realm and service. */
  readonly challenge: Challenge
  /** "repository:a/b:pull,push", … */
  readonly scopes: readonly string[]
  readonly credential: Credential | undefined
  /** Whether a credential may go to a server in plain text. */
  readonly allowPlain: boolean
}

const maxAnswer = 1024 * 1024
const defaultLifeSeconds = 60
const clientId = 'myimage'

/**
 * Ask the token server that a registry names for a token.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/ — GET
 * @see https://distribution.github.io/distribution/spec/auth/oauth/ — POST
 * @throws {OperationError} `ACCESS_DENIED` where it refuses the credential
 */
export async function fetchBearerToken(
  transport: HttpTransport,
  request: TokenRequest,
): Promise<BearerToken> {
  const realm = readRealm(request)
  const byForm = formRequest(realm, request)
  const byQuery = queryRequest(realm, request)
  let response = await transport.send(byQuery ?? byForm)
  // Some servers know only one of the two ways.
  if (byQuery && request.credential && (response.status === 404 || response.status === 405)) {
    response.body.destroy()
    response = await transport.send(byForm)
  }
  const text = (await readBody(response, maxAnswer, 'a token')).toString()
  if (response.status !== 200) throw refused(response, text)
  return readToken(text, realm)
}

function readRealm({ challenge, credential, allowPlain }: TokenRequest): URL {
  const realm = challenge.parameters.get('realm') ?? ''
  if (!URL.canParse(realm)) throw badChallenge('the realm is no URL', realm)
  const url = new URL(realm)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw badChallenge('the realm is no URL of a web server', realm)
  if (url.protocol === 'http:' && credential && !allowPlain)
    throw badChallenge('the credential would go over the network in plain text', realm)
  return url
}

/** As a GET; undefined for an identity token, which only a form can carry. */
function queryRequest(realm: URL, request: TokenRequest): HttpRequest | undefined {
  const { challenge, scopes, credential } = request
  if (credential?.kind === 'identity-token') return undefined
  const url = new URL(realm)
  const service = challenge.parameters.get('service')
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (!credential) return { method: 'GET', url, headers: {} }
  url.searchParams.set('account', credential.username)
  return { method: 'GET', url, headers: { authorization: basicAuthorization(credential) } }
}

function formRequest(realm: URL, { challenge, scopes, credential }: TokenRequest): HttpRequest {
  const form = new URLSearchParams({
    service: challenge.parameters.get('service') ?? '',
    scope: scopes.join(' '),
    client_id: clientId,
  })
  if (credential?.kind === 'identity-token') {
    form.set('grant_type', 'refresh_token')
    form.set('refresh_token', credential.token)
  } else if (credential) {
    form.set('grant_type', 'password')
    form.set('username', credential.username)
    form.set('password', credential.password)
  }
  const content = Buffer.from(form.toString())
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: { size: content.length, pieces: () => [content] },
  }
}

export function basicAuthorization(credential: Credential): string {
  const text =
    credential.kind === 'password'
      ? `${credential.username}:${credential.password}`
      : `<token>:${credential.token}`
  return `Basic ${Buffer.from(text).toString('base64')}`
}

function readToken(text: string, realm: URL): BearerToken {
  let answer: Record<string, unknown>
  try {
    answer = Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    throw badChallenge('the token server answered no JSON', realm.host)
  }
  const token = answer['token'] ?? answer['access_token']
  // It becomes part of a header.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw badChallenge('the token server answered without a token', realm.host)
  const life = Number(answer['expires_in'] ?? defaultLifeSeconds)
  const seconds = life > 0 ? life : defaultLifeSeconds
  // Renewed early, so that none ends while a request is on its way.
  return { token, until: Date.now() + seconds * 800 }
}

function refused(response: HttpResponse, text: string): OperationError {
  const isDenied = response.status === 401 || response.status === 403 || response.status === 400
  return new OperationError(
    isDenied ? 'ACCESS_DENIED' : 'PROTOCOL',
    'get a token for a registry',
    { server: response.url.host, status: response.status, ...registryMessage(text) },
    isDenied ? { hint: 'Check user name and password: "myimage login"' } : {},
  )
}

function badChallenge(reason: string, realm: string): OperationError {
  return new OperationError('PROTOCOL', 'get a token for a registry', {
    realm: realm.slice(0, 200),
    reason,
  })
}
