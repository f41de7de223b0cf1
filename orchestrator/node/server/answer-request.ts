import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StatusError } from '../../api/status-error.ts'
import { readLogQuery } from '../logs/log-query.ts'
import { requireLog } from '../logs/log-status.ts'
import { readContainerLog } from '../logs/read-container-log.ts'
import type { AgentMetrics } from './agent-metrics.ts'
import { podNamed, readTarget } from './agent-request.ts'
import { cadvisorMetrics } from './cadvisor-metrics.ts'
import { resourceMetrics } from './resource-metrics.ts'
import type { ServedPods } from './served-pods.ts'
import { statsSummary } from './stats-summary.ts'

const json = 'application/json'
const text = 'text/plain; charset=utf-8'

interface AnswerSources {
  readonly pods: ServedPods
  readonly metrics: AgentMetrics
}

/** The paths that are no upgrades. @throws StatusError */
export async function answerRequest(
  { pods, metrics }: AnswerSources,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { parts, searchParams } = readTarget(request.url)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new StatusError(405, 'MethodNotAllowed', 'Method Not Allowed')
  const send = (type: string, body: string): void =>
    void response.writeHead(200, { 'content-type': type }).end(body)
  switch (parts.join('/').replace(/\/$/, '')) {
    case '/healthz':
    case '/healthz/ping':
    case '/readyz':
    case '/livez':
      return send(text, 'ok')
    case '/pods':
      return send(json, JSON.stringify(podList(pods)))
    case '/stats/summary':
      return send(json, JSON.stringify(statsSummary(pods.usage())))
    case '/metrics':
      return send(metrics.registry.contentType, await metrics.registry.metrics())
    case '/metrics/resource':
      return send('text/plain; version=0.0.4; charset=utf-8', resourceMetrics(pods.usage()))
    case '/metrics/cadvisor':
      return send('text/plain; version=0.0.4; charset=utf-8', cadvisorMetrics(pods.usage()))
    default:
      return answerLog(pods, parts, searchParams, response)
  }
}

function podList(pods: ServedPods): object {
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods.pods() }
}

async function answerLog(
  pods: ServedPods,
  parts: readonly string[],
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const [, verb, namespace = '', name = '', container = ''] = parts
  if (verb !== 'containerLogs' || parts.length !== 5)
    throw new StatusError(404, 'NotFound', '404 page not found')
  const wish = readLogQuery(query, Date.now())
  const pod = podNamed(pods, namespace, name)
  requireLog(pod, container, wish.previous)
  const source = pods.container(pod, container, wish.previous)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.writeHead(200, { 'content-type': text, 'transfer-encoding': 'chunked' })
  // Who follows learns at once that the log is there, empty or not.
  response.flushHeaders()
  if (source)
    for await (const bytes of readContainerLog(source, { ...wish, signal: gone.signal })) {
      if (gone.signal.aborted) return
      if (!response.write(bytes)) await once(response, 'drain', { signal: gone.signal })
    }
  response.end()
}
