import type { Authenticator } from './authenticator.ts'
import type { Metrics } from './metrics.ts'
import { nothingThere } from './registry-error.ts'
import type { ExtraEndpoint } from './registry-server.ts'

/** `/healthz`: the process answers, and its database does. For everybody. */
export function healthEndpoint(check: () => void): ExtraEndpoint {
  return (route, _query, request, response) => {
    if (route.kind !== 'health') return false
    check()
    const body = 'ok\n'
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }
}

/** `/metrics`, for whoever has proved who they are. */
export function metricsEndpoint(metrics: Metrics, authenticator: Authenticator): ExtraEndpoint {
  return async (route, _query, request, response) => {
    if (route.kind !== 'metrics') return false
    const client = await authenticator.identify(request)
    if (!authenticator.isKnown(client)) throw authenticator.refuse(request, client, undefined)
    const { type, text } = await metrics.render()
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
    return true
  }
}

/** The end of a list of endpoints beside which there is no registry. */
export const nothingElse: ExtraEndpoint = () => {
  throw nothingThere()
}
