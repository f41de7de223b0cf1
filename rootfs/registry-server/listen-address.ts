import { OperationError } from '../../native/error.ts'

export interface ListenAddress {
  /** Undefined: all addresses of this machine. */
  readonly host: string | undefined
  /** 0: a free one. */
  readonly port: number
}

/** Read "[host]:port"; an IPv6 host stands in brackets. @throws {OperationError} `INVALID_ARGUMENT` */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match && port <= 65_535) return { host: (match[1] ?? match[2]) || undefined, port }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read an address to listen on',
    { address: text.slice(0, 200) },
    { hint: 'Write it as :5000, 127.0.0.1:5000 or [::1]:5000' },
  )
}

/** The address as a client would use it. */
export function formatListenAddress({ host }: ListenAddress, port: number): string {
  if (host === undefined) return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
