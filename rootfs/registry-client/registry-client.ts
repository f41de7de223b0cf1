import { OperationError } from '../../native/error.ts'
import type { Credential } from '../credentials/credential.ts'
import { createAuthenticator } from './authenticator.ts'
import { explainHttpFailure, isTransientFailure } from './http-failure.ts'
import {
  type HttpBody,
  type HttpMethod,
  type HttpResponse,
  type HttpTransport,
  type TlsSettings,
  createHttpTransport,
  isLoopback,
} from './http-transport.ts'
import { discardBody } from './read-body.ts'
import {
  type RetryPolicy,
  defaultRetryPolicy,
  isTransientStatus,
  pauseBefore,
  sleep,
} from './retry.ts'

export interface RegistryClientOptions {
  /** Host with port, as the network knows it. */
  readonly host: string
  /** Plain HTTP and unknown certificates are good enough. */
  readonly isInsecure: boolean
  readonly tls: () => TlsSettings
  readonly credential: () => Promise<Credential | undefined>
  readonly retry?: RetryPolicy | undefined
  readonly stallMs?: number | undefined
  /** Told of pauses and repeated attempts. */
  readonly onNote: (note: string) => void
}

export interface RegistryRequest {
  readonly method: HttpMethod
  /** Path below the host, beginning with "/v2/", or the URL that the registry named. */
  readonly target: string | URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: HttpBody | undefined
  /** Rights that a token has to grant: "repository:a/b:pull". */
  readonly scopes: readonly string[]
  /** Whether it may be sent again after a failure; by default it may. */
  readonly isRepeatable?: boolean | undefined
  readonly stallMs?: number | undefined
}

/** Authenticated requests to one registry. */
export interface RegistryClient {
  readonly host: string
  /** For what consists of several requests. */
  readonly retry: RetryPolicy
  /**
   * Send a request; follow redirects, answer challenges, repeat what failed for a moment.
   *
   * @returns the last answer, whatever its status
   */
  send(request: RegistryRequest): Promise<HttpResponse>
  /** Scheme and host that requests go to. */
  origin(): Promise<string>
  close(): void
}

const maxRedirects = 10

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { host, isInsecure } = options
  const transport = createHttpTransport(options.tls)
  const policy = options.retry ?? defaultRetryPolicy
  const authenticator = createAuthenticator({
    transport,
    credential: options.credential,
    allowPlain: isInsecure,
  })
  let found: Promise<string> | undefined
  const origin = (): Promise<string> => {
    found ??= findOrigin(transport, host, isInsecure)
    found.catch(() => (found = undefined))
    return found
  }

  const attempt = async (request: RegistryRequest): Promise<HttpResponse> => {
    const base = await origin()
    const url = new URL(request.target, base)
    for (let round = 0; ; round += 1) {
      const header = await authenticator.header(request.scopes)
      const response = await follow(url, base, request, header)
      const isOurs = response.url.origin === base
      const asks = response.status === 401 && isOurs && round < 2
      const challenges = asks ? response.header('www-authenticate') : undefined
      if (challenges === undefined || !authenticator.learn(challenges, header)) return response
      // Without a credential the second answer would be the same.
      if ((await authenticator.header(request.scopes)) === undefined) return response
      await discardBody(response)
    }
  }

  /** The credential goes to the registry itself and nowhere else. */
  const follow = async (
    first: URL,
    base: string,
    request: RegistryRequest,
    header: string | undefined,
  ): Promise<HttpResponse> => {
    let url = first
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const authorization = header !== undefined && url.origin === base ? header : undefined
      const response = await transport.send({
        method: request.method,
        url,
        headers: { ...request.headers, ...(authorization ? { authorization } : {}) },
        body: request.body,
        stallMs: request.stallMs ?? options.stallMs,
      })
      const location = response.header('location')
      if (!isRedirect(response.status, request.method) || location === undefined) return response
      await discardBody(response)
      url = nextUrl(location, url, isInsecure)
    }
    throw new OperationError('PROTOCOL', 'follow redirects of a registry', {
      host,
      reason: `more than ${maxRedirects}`,
    })
  }

  const send = async (request: RegistryRequest): Promise<HttpResponse> => {
    const attempts = request.isRepeatable === false ? 1 : policy.attempts
    for (let count = 0; ; count += 1) {
      const isLast = count + 1 >= attempts
      const outcome = await attempt(request).catch((error: unknown) =>
        explainHttpFailure(error, new URL(`https://${host}`)),
      )
      if (outcome instanceof Error) {
        if (isLast || !isTransientFailure(outcome)) throw outcome
      } else if (isLast || !isTransientStatus(outcome.status)) return outcome
      const asked = outcome instanceof Error ? undefined : outcome.header('retry-after')
      const pause = pauseBefore(policy, count, asked)
      if (pause === undefined && !(outcome instanceof Error)) return outcome
      if (!(outcome instanceof Error)) await discardBody(outcome)
      const reason = outcome instanceof Error ? outcome.message : `status ${outcome.status}`
      options.onNote(`${host}: ${reason}; again in ${((pause ?? 0) / 1000).toFixed(1)} s`)
      await sleep(pause ?? 0)
    }
  }

  return { host, retry: policy, send, origin, close: () => transport.close() }
}

/** 303 and the like would turn an upload into a GET: only those that keep the method are followed there. */
function isRedirect(status: number, method: HttpMethod): boolean {
  if (status === 307 || status === 308) return true
  const isRead = method === 'GET' || method === 'HEAD'
  return isRead && (status === 301 || status === 302 || status === 303)
}

function nextUrl(location: string, from: URL, isInsecure: boolean): URL {
  const url = URL.parse(location, from)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  const isDowngrade = from.protocol === 'https:' && url?.protocol === 'http:' && !isInsecure
  if (url && isWeb && !isDowngrade) return url
  throw new OperationError('PROTOCOL', 'follow a redirect of a registry', {
    host: from.host,
    location: location.slice(0, 200),
    reason: isDowngrade ? 'it leads from HTTPS to plain HTTP' : 'it is no URL of a web server',
  })
}

/**
 * The scheme that a registry speaks. Without leave to be insecure it is HTTPS. On this machine plain
 * HTTP is tried first, elsewhere last; no credential goes out while that is not known.
 */
async function findOrigin(
  transport: HttpTransport,
  host: string,
  isInsecure: boolean,
): Promise<string> {
  if (!isInsecure) return new URL(`https://${host}`).origin
  const { hostname } = new URL(`http://${host}`)
  const schemes = isLoopback(hostname) ? ['http', 'https'] : ['https', 'http']
  let failure: unknown
  for (const scheme of schemes) {
    const origin = `${scheme}://${host}`
    try {
      const response = await transport.send({
        method: 'GET',
        url: new URL('/v2/', origin),
        headers: {},
      })
      await discardBody(response)
      // Servers of encrypted ports answer a plain request with 400.
      if (scheme === 'https' || response.status !== 400) return new URL(origin).origin
    } catch (error) {
      // Nothing listens: the other scheme would say the same.
      if (scheme === schemes[0]) failure = error
    }
  }
  throw failure
}
