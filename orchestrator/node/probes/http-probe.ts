import type { IncomingMessage } from 'node:http'
import { describeNetworkFailure, hostAndPort } from './network-failure.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import { failure, mostKept, success } from './probe-outcome.ts'

export interface HttpProbe {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** With its query. */
  readonly path: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

const mostRedirects = 10
const userAgent = 'kube-probe/1.33'

/** One GET; 200 to 399 is success. Certificates are not checked: the pod vouches for nobody. */
export async function probeHttp(probe: HttpProbe, timeoutMs: number): Promise<ProbeOutcome> {
  const signal = AbortSignal.timeout(timeoutMs)
  const path = probe.path.startsWith('/') ? probe.path : `/${probe.path}`
  const first = new URL(`${probe.scheme}://${hostAndPort(probe.host, probe.port)}${path}`)
  let url = first
  try {
    for (let hops = 0; ; hops++) {
      const response = await get(url, headersOf(probe), signal)
      const status = response.statusCode ?? 0
      const next = redirectOf(url, status, response.headers.location)
      if (!next) return judge(status)
      // Elsewhere is not what is probed.
      if (next.hostname !== first.hostname)
        return { result: 'warning', message: 'Probe terminated redirects, Response body: ' }
      if (hops === mostRedirects - 1)
        return failure(`Get "${next.href}": stopped after ${mostRedirects} redirects`)
      url = next
    }
  } catch (error) {
    const why = signal.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : describeNetworkFailure(error, unbracketed(url.hostname), portOf(url))
    return failure(`Get "${textOf(url, probe)}": ${why}`)
  }
}

function judge(status: number): ProbeOutcome {
  if (status >= 200 && status < 300) return success
  if (status >= 300 && status < 400)
    return { result: 'warning', message: 'Probe terminated redirects, Response body: ' }
  return failure(`HTTP probe failed with statuscode: ${status}`)
}

/** Without the port that the scheme has anyway a URL would read otherwise than upstream's. */
function textOf(url: URL, { port }: HttpProbe): string {
  return url.port === '' ? url.href.replace(url.host, `${url.host}:${port}`) : url.href
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

function redirectOf(url: URL, status: number, location: string | undefined): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  const next = URL.canParse(location, url) ? new URL(location, url) : undefined
  return next && ['http:', 'https:'].includes(next.protocol) ? next : undefined
}

/** Names of headers count without case, and an empty value takes one of ours away. */
function headersOf({ headers }: HttpProbe): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = { 'user-agent': userAgent, accept: '*/*' }
  const own: Record<string, string[]> = {}
  for (const { name, value } of headers) (own[name.toLowerCase()] ??= []).push(value)
  for (const [name, values] of Object.entries(own))
    if (values.length === 1 && values[0] === '' && name in all) delete all[name]
    else all[name] = values.length === 1 ? values[0]! : values
  return { ...all, connection: 'close' }
}

async function get(
  url: URL,
  headers: Record<string, string | string[]>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
  return new Promise((resolve, reject) => {
    const options = { headers, signal, agent: false as const, rejectUnauthorized: false }
    const call = request(url, options, (response) => {
      let received = 0
      response.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received > mostKept) finish()
      })
      response.once('end', () => finish())
      response.once('error', reject)
      function finish(): void {
        resolve(response)
        call.destroy()
      }
    })
    call.on('error', reject)
    call.end()
  })
}
