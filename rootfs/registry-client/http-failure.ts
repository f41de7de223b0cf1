import { OperationError } from '../../native/error.ts'

interface Explanation {
  readonly code: 'UNREACHABLE' | 'TIMEOUT' | 'PROTOCOL'
  readonly reason: string
  readonly hint: string
  /** Whether the same request may well succeed a little later. */
  readonly isTransient: boolean
}

const unknownAuthority = {
  code: 'UNREACHABLE',
  reason: 'its certificate is signed by an authority that is not known here',
  hint: "Put the authority's certificate in /etc/containers/certs.d/HOST/ca.crt, or use --tls-verify=false where you trust the network",
  isTransient: false,
} as const
const notTls = {
  code: 'UNREACHABLE',
  reason: 'it answered an encrypted request with something else: it seems to speak plain HTTP',
  hint: 'Use --tls-verify=false, or mark the registry as insecure in registries.conf',
  isTransient: false,
} as const
const cut = {
  code: 'UNREACHABLE',
  reason: 'the connection was cut',
  hint: 'Try again; what has arrived is kept',
  isTransient: true,
} as const
const notHttp = {
  code: 'PROTOCOL',
  reason: 'what it answered is no HTTP',
  hint: 'Check the port; the registry may speak HTTPS there',
  isTransient: false,
} as const

/** By the code of Node, OpenSSL or the system call. */
function explanations(): Readonly<Record<string, Explanation>> {
  return {
    ENOTFOUND: {
      code: 'UNREACHABLE',
      reason: 'no such host name',
      hint: 'Check the name of the registry',
      isTransient: false,
    },
    EAI_AGAIN: {
      code: 'UNREACHABLE',
      reason: 'the name server does not answer',
      hint: 'Check the network of this machine',
      isTransient: false,
    },
    ECONNREFUSED: {
      code: 'UNREACHABLE',
      reason: 'nothing listens on that port',
      hint: 'Check that the registry runs, and its port',
      isTransient: false,
    },
    EHOSTUNREACH: unreachable('no route to the host'),
    ENETUNREACH: unreachable('no route to its network'),
    ETIMEDOUT: { ...unreachable('it does not answer'), code: 'TIMEOUT', isTransient: true },
    ECONNRESET: cut,
    EPIPE: cut,
    ECONNABORTED: cut,
    DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
    SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
    CERT_HAS_EXPIRED: certificate('its certificate has expired', 'Renew it'),
    CERT_NOT_YET_VALID: certificate('its certificate is not valid yet', 'Check the clock'),
    ERR_TLS_CERT_ALTNAME_INVALID: certificate(
      'its certificate is for another host',
      'Use the name that is in the certificate',
    ),
    ERR_SSL_WRONG_VERSION_NUMBER: notTls,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
    EPROTO: notTls,
    HPE_INVALID_CONSTANT: notHttp,
    HPE_INVALID_VERSION: notHttp,
    HPE_HEADER_OVERFLOW: notHttp,
  }
}

function unreachable(reason: string): Explanation {
  return {
    code: 'UNREACHABLE',
    reason,
    hint: 'Check the network of this machine',
    isTransient: true,
  }
}

function certificate(reason: string, hint: string): Explanation {
  return { code: 'UNREACHABLE', reason, hint, isTransient: false }
}

function explanationOf(error: unknown): Explanation | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  if (typeof code !== 'string') return undefined
  const known = explanations()
  return Object.hasOwn(known, code) ? known[code] : undefined
}

/** Whether a failed connection is worth another try. */
export function isTransientFailure(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof OperationError && at.code === 'TIMEOUT') return true
    const explanation = explanationOf(at)
    if (explanation) return explanation.isTransient
  }
  return false
}

/** Whether the host answered, but not in TLS. */
export function isNotTls(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (explanationOf(at) === notTls) return true
  return false
}

/** What went wrong below HTTP, for people. OperationErrors pass through. */
export function explainHttpFailure(error: unknown, url: URL): OperationError {
  if (error instanceof OperationError) return error
  const { code, reason, hint } = explanationOf(error) ?? {
    code: 'UNREACHABLE' as const,
    reason: error instanceof Error ? error.message : String(error),
    hint: undefined,
  }
  const detail = { host: url.host, reason }
  return new OperationError(code, 'talk to a registry', detail, {
    hint: hint?.replace('HOST', url.host),
    cause: new SystemFailure(error),
  })
}

/** Keeps the code of the system for decisions, out of the message where it was explained already. */
class SystemFailure extends Error {
  readonly code: string | undefined

  constructor(error: unknown) {
    const code = (error as { code?: unknown } | undefined)?.code
    super(typeof code === 'string' ? code : 'no code')
    this.code = typeof code === 'string' ? code : undefined
  }
}
