// What goes wrong on a connection, in the words of Go's net package: people search for them.

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
  EINVAL: 'connect: invalid argument',
  ETIMEDOUT: 'i/o timeout',
}

const later: Readonly<Record<string, string>> = {
  ECONNRESET: 'read: connection reset by peer',
  EPIPE: 'write: broken pipe',
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Of a connection attempt or, for what comes after, of the connection. */
export function describeNetworkFailure(error: unknown, host: string, port: number): string {
  const code = codeOf(error)
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  const address = hostAndPort(host, port)
  const said = words[code]
  if (said !== undefined) return `dial tcp ${address}: ${said}`
  const afterwards = later[code]
  if (afterwards !== undefined) return `read tcp ${address}: ${afterwards}`
  return error instanceof Error ? error.message : String(error)
}

/** Of the error or of what caused it: HTTP/2 wraps what happened to its connection. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? String(at.code) : ''
    if (code in words || code in later || code === 'ENOTFOUND') return code
  }
  return ''
}
