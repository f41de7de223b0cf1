import type { Metrics } from './metrics.ts'
import type { ExtraEndpoint } from './registry-server.ts'

/** `/healthz`: the process answers, and its database does. */
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

/** `/metrics`, for everybody who reaches the address. */
export function metricsEndpoint(metrics: Metrics): ExtraEndpoint {
  return async (route, _query, _request, response) => {
    if (route.kind !== 'metrics') return false
    const { type, text } = await metrics.render()
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
    return true
  }
}
