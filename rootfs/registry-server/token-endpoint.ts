import type { IncomingMessage, ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import type { AccessRules } from './access-rules.ts'
import type { Action } from './exchange.ts'
import { type Login, basicChallenge } from './login.ts'
import { refusal } from './registry-error.ts'
import type { ExtraEndpoint } from './registry-server.ts'
import { type Scope, readScopes } from './token-scope.ts'

/** Signs tokens with a key that lives as long as this process. */
export interface TokenSigner {
  readonly keys: JWTVerifyGetKey
  sign(user: string | undefined, access: readonly Scope[], issuedAt: number): Promise<string>
}

/** Short, because a token is good until it expires, whatever happens to its user. */
const lifetimeSeconds = 300
const maxForm = 16 * 1024

export async function createTokenSigner(service: string): Promise<TokenSigner> {
  const { SignJWT, generateKeyPair } = await import('jose')
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return {
    keys: () => publicKey,
    sign: (user, access, issuedAt) =>
      new SignJWT({ access })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
        .setIssuer(service)
        .setAudience(service)
        .setSubject(user ?? '')
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .sign(privateKey),
  }
}

export interface TokenEndpointOptions {
  readonly login: Login
  readonly rules: AccessRules
  readonly signer: TokenSigner
  readonly service: string
  /** Whether those who did not log in get tokens too, for what the rules allow to them. */
  readonly servesAnonymous: boolean
}

/**
 * `/auth/token`: tokens for users of the password file, with what the rules allow of what they ask
 * for. `GET` with basic authentication, and `POST` of a form with `grant_type=password`.
 */
export function tokenEndpoint(options: TokenEndpointOptions): ExtraEndpoint {
  return async (route, query, request, response) => {
    if (route.kind !== 'token') return false
    const form = request.method === 'POST' ? await readForm(request) : query
    if (request.method !== 'POST' && request.method !== 'GET')
      throw refusal(405, 'UNSUPPORTED', 'tokens are fetched with GET or POST', {
        headers: { Allow: 'GET, POST' },
      })
    requireService(form, options.service)
    const user = await whoAsks(options, request, form)
    if (user === undefined && !options.servesAnonymous) throw basicChallenge(options.service)
    const access = grant(options.rules, user, readScopes(form.getAll('scope')))
    const issuedAt = Math.floor(Date.now() / 1000)
    send(response, await options.signer.sign(user, access, issuedAt), issuedAt)
    return true
  }
}

function requireService(form: URLSearchParams, service: string): void {
  const wanted = form.get('service')
  if (wanted === null || wanted === service) return
  throw refusal(400, 'DENIED', 'this server issues tokens for another service', {
    detail: { service },
  })
}

function whoAsks(
  { login }: TokenEndpointOptions,
  request: IncomingMessage,
  form: URLSearchParams,
): Promise<string | undefined> {
  if (request.method !== 'POST') return login.check(request)
  if (form.get('grant_type') !== 'password')
    throw refusal(400, 'UNSUPPORTED', 'only grant_type=password is supported')
  return login.checkPassword(request, form.get('username') ?? '', form.get('password') ?? '')
}

/** What may be had of what was asked for. */
function grant(rules: AccessRules, user: string | undefined, asked: readonly Scope[]): Scope[] {
  return asked.flatMap((scope) => {
    const { type, name } = scope
    if (type === 'registry' && name === 'catalog')
      return user === undefined ? [] : [{ type, name, actions: ['*'] }]
    if (type !== 'repository') return []
    const isAll = scope.actions.includes('*')
    const actions = allActions.filter(
      (action) => (isAll || scope.actions.includes(action)) && rules.allows(user, action, name),
    )
    return actions.length === 0 ? [] : [{ type, name, actions }]
  })
}

const allActions: readonly Action[] = ['pull', 'push', 'delete']

function send(response: ServerResponse, token: string, issuedAt: number): void {
  const body = JSON.stringify({
    token,
    access_token: token,
    expires_in: lifetimeSeconds,
    issued_at: new Date(issuedAt * 1000).toISOString(),
  })
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const piece of pieces) {
    text += piece.toString('latin1')
    if (text.length > maxForm) throw refusal(413, 'UNSUPPORTED', 'the form is too long')
  }
  return new URLSearchParams(text)
}
