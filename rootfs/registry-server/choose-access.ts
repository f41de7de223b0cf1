import type { IncomingMessage } from 'node:http'
import { OperationError } from '../../native/error.ts'
import { type AccessRules, equalAccess, openAccessFile } from './access-rules.ts'
import type { Authenticator } from './authenticator.ts'
import { basicAccess } from './basic-access.ts'
import { type Login, createLogin } from './login.ts'
import { openAccess } from './open-access.ts'
import { openPasswordFile } from './password-file.ts'
import { refusal } from './registry-error.ts'
import type { ExtraEndpoint } from './registry-server.ts'
import type { ServeFlags } from './serve-flags.ts'
import { tokenAccess } from './token-access.ts'
import { createTokenSigner, tokenEndpoint } from './token-endpoint.ts'
import { readTokenKeys } from './token-keys.ts'

/** How clients prove who they are, and the endpoints that this needs. */
export interface Access {
  readonly authenticator: Authenticator
  readonly endpoints: readonly ExtraEndpoint[]
}

/**
 * @param onFailure gets what is wrong with a file of users or rules that changed
 * @throws {OperationError} `INVALID_ARGUMENT` for flags that contradict each other, `NOT_FOUND`
 */
export async function chooseAccess(
  flags: ServeFlags,
  onFailure: (error: unknown) => void,
): Promise<Access> {
  requireServiceName(flags.tokenService)
  const kind = flags.auth ?? impliedKind(flags)
  switch (kind) {
    case 'none':
      if (impliedKind(flags) !== 'none')
        throw contradiction('--auth none', 'Leave it out, or the files for authentication')
      return { authenticator: openAccess(), endpoints: [] }
    case 'basic': {
      const { login, rules } = readUsers(flags, onFailure)
      return { authenticator: basicAccess(login, rules, flags.tokenService), endpoints: [] }
    }
    case 'token':
      return flags.tokenRealm === undefined ? ownTokens(flags, onFailure) : foreignTokens(flags)
    default:
      throw contradiction(`--auth ${kind.slice(0, 50)}`, 'Use none, basic or token')
  }
}

function impliedKind({ htpasswd, access, tokenRealm, anonymousPull }: ServeFlags): string {
  if (tokenRealm !== undefined) return 'token'
  return htpasswd !== undefined || access !== undefined || anonymousPull ? 'basic' : 'none'
}

function readUsers(
  flags: ServeFlags,
  onFailure: (error: unknown) => void,
): { readonly login: Login; readonly rules: AccessRules } {
  const { htpasswd, access, anonymousPull = false } = flags
  if (htpasswd === undefined)
    throw contradiction('authentication', 'Name a file of users with --htpasswd')
  const rules =
    access === undefined
      ? equalAccess(anonymousPull)
      : openAccessFile(access, anonymousPull, onFailure)
  return { login: createLogin(openPasswordFile(htpasswd, onFailure), flags.tokenService), rules }
}

async function ownTokens(flags: ServeFlags, onFailure: (error: unknown) => void): Promise<Access> {
  const { login, rules } = readUsers(flags, onFailure)
  const service = flags.tokenService
  const signer = await createTokenSigner(service)
  const servesAnonymous = flags.anonymousPull === true || flags.access !== undefined
  return {
    authenticator: tokenAccess({
      keys: signer.keys,
      issuer: service,
      service,
      realm: (request) => `${baseUrl(flags.externalUrl, request)}/auth/token`,
      sees: (user, repository) => rules.allows(user, 'pull', repository),
    }),
    endpoints: [tokenEndpoint({ login, rules, signer, service, servesAnonymous })],
  }
}

async function foreignTokens(flags: ServeFlags): Promise<Access> {
  const { tokenRealm = '', tokenIssuer, tokenKey, tokenService } = flags
  requireUrl('--token-realm', tokenRealm)
  if (tokenIssuer === undefined || tokenKey === undefined)
    throw contradiction('--token-realm', 'Give --token-issuer and --token-key with it')
  if (flags.htpasswd !== undefined || flags.access !== undefined)
    throw contradiction(
      '--token-realm',
      'Its token server knows the users: no --htpasswd, --access',
    )
  const authenticator = tokenAccess({
    keys: await readTokenKeys(tokenKey),
    issuer: tokenIssuer,
    service: tokenService,
    realm: () => tokenRealm,
  })
  return { authenticator, endpoints: [] }
}

/** What the client calls this server. Its own word for it becomes part of a header only if it is a host. */
function baseUrl(externalUrl: string | undefined, request: IncomingMessage): string {
  if (externalUrl !== undefined) {
    requireUrl('--external-url', externalUrl)
    return externalUrl.replace(/\/+$/, '')
  }
  const host = request.headers.host ?? ''
  if (!/^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/.test(host))
    throw refusal(400, 'UNSUPPORTED', 'the Host header is malformed')
  return `${'encrypted' in request.socket ? 'https' : 'http'}://${host}`
}

function requireUrl(flag: string, text: string): void {
  const isUrl = /^https?:\/\/[^\s"\\,]+$/.test(text) && URL.canParse(text)
  if (!isUrl) throw contradiction(flag, 'Give a URL that begins with https:// or http://')
}

function requireServiceName(name: string): void {
  if (!/^[\w.:/-]{1,200}$/.test(name))
    throw contradiction('--token-service', 'Use letters, digits and ".", ":", "/", "-", "_"')
}

function contradiction(flag: string, hint: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'set up authentication', { flag }, { hint })
}
