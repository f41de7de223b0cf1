import type { IncomingMessage } from 'node:http'
import type { Kind } from '../../api/kind.ts'
import { isObject, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { makeSelector, parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts'
import { methodNotAllowed, notFound, serviceUnavailable } from '../../api/status-error.ts'
import type { ApiContext } from '../api-context.ts'
import type { ApiRequest, ApiResponse } from '../http-message.ts'
import { everything, listObjects } from '../list-objects.ts'
import { negotiate } from '../negotiate.ts'
import { includeObjectOf, renderList, renderObject, respond } from '../render.ts'
import type { ResourceRequest } from '../request-info.ts'
import { readText } from '../streaming/node-agents.ts'
import type { NodeAgents } from '../streaming/node-agents.ts'
import { nodeMetrics, podMetrics } from './usage-of-nodes.ts'

export const metricsGroup = 'metrics.k8s.io'

const patienceMs = 3_000
const largestSummary = 16 * 1024 * 1024

/** `kubectl top`: asked of every agent when somebody asks; those that do not answer are left out. */
export async function handleMetrics(
  context: ApiContext,
  kind: Kind,
  { namespace, name, verb }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  if (verb !== 'get' && verb !== 'list') throw methodNotAllowed()
  const { agents, registry, store } = context
  if (!agents) throw serviceUnavailable('this server knows no agents')
  const list = async (core: string, where?: string) => {
    const found = registry.byKind('v1', core)!
    return (await listObjects(store, found, { ...everything, namespace: where })).items
  }
  const isNode = kind.kind === 'NodeMetrics'
  const nodes = (await list('Node')).filter(
    (node) => !isNode || name === undefined || node.metadata.name === name,
  )
  const summaries = await Promise.all(nodes.map((node) => readSummary(agents, node)))
  const pods = isNode ? [] : await list('Pod', namespace)
  const byName = new Map(pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]))
  const items = nodes.flatMap((node, index) => {
    const summary = summaries[index]
    if (!summary) return []
    if (isNode) return [nodeMetrics(node, summary)]
    return podMetrics(summary, (space, pod) => byName.get(`${space}/${pod}`))
  })
  return answer(kind, items, name, request)
}

function answer(
  kind: Kind,
  items: readonly KubeObject[],
  name: string | undefined,
  { headers, query }: ApiRequest,
): Promise<ApiResponse> {
  const representation = negotiate(headers['accept'], ['object', 'table', 'metadata'])
  const options = { representation, includeObject: includeObjectOf(query) }
  if (name !== undefined) {
    const found = items.find((item) => item.metadata.name === name)
    if (!found) throw notFound(kind, name)
    return respond(200, renderObject(kind, found, options), representation.format)
  }
  const known = ['metadata.name', 'metadata.namespace']
  const select = makeSelector(
    parseLabelSelector(query.get('labelSelector') ?? ''),
    parseFieldSelector(query.get('fieldSelector') ?? '', known),
  )
  const selected = select ? items.filter(select) : items
  const list = {
    items: selected,
    resourceVersion: '',
    continueToken: undefined,
    remaining: undefined,
  }
  return respond(200, renderList(kind, list, options), representation.format)
}

async function readSummary(
  agents: NodeAgents,
  { metadata }: KubeObject,
): Promise<JsonObject | undefined> {
  let response: IncomingMessage | undefined
  const read = async () => {
    response = await agents.request(metadata.name ?? '', { method: 'GET', path: '/stats/summary' })
    if (response.statusCode !== 200) return undefined
    const value: unknown = JSON.parse(await readText(response, largestSummary))
    return isObject(value) && textAt(value, ['node', 'nodeName']) !== undefined ? value : undefined
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      response?.destroy()
      resolve(undefined)
    }, patienceMs)
  })
  try {
    return await Promise.race([read().catch(() => undefined), late])
  } finally {
    clearTimeout(timer)
  }
}
