import type { Registry } from 'prom-client'
import type { ApiResponse } from './http-message.ts'
import type { InFlightObserver } from './limit-in-flight.ts'
import { addProcessMetrics } from './process-metrics.ts'
import type { ResourceRequest } from './request-info.ts'

// Numbers about the server, under the names that dashboards know.

export interface ServerMetrics {
  /** Where other parts of the process put theirs. */
  readonly registry: Registry
  /** One answered request. @param seconds until the answer began */
  observe(target: ResourceRequest | undefined, verb: string, code: number, seconds: number): void
  /** A watch that is counted for as long as it stands. */
  countWatch(target: ResourceRequest, response: ApiResponse): ApiResponse
  /** How many requests are answered, and how many were sent away. */
  readonly inFlight: InFlightObserver
}

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** @param countObjects resource → how many objects of it are stored */
export async function makeServerMetrics(
  countObjects: () => Promise<ReadonlyMap<string, number>>,
): Promise<ServerMetrics> {
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['verb', 'group', 'version', 'resource', 'subresource']
  const latency = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Time until the answer to a request began.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  })
  const total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests answered.',
    labelNames: [...labelNames, 'code'],
    registers,
  })
  const watches = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches that stand.',
    labelNames: ['verb', 'group', 'version', 'resource'],
    registers,
  })
  const answered = new Map<string, number>()
  const underWay = new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests that are being answered, of those that are limited.',
    labelNames: ['request_kind'],
    registers: [],
    // Counted twice a request, and seldom asked for.
    collect() {
      for (const [way, count] of answered) this.set({ request_kind: way }, count)
    },
  })
  const refused = new Counter({
    name: 'apiserver_dropped_requests_total',
    help: 'Requests sent away because too many others were being answered.',
    labelNames: ['request_kind'],
    registers,
  })
  await addProcessMetrics(registry)
  const objects = new Gauge({
    name: 'apiserver_storage_objects',
    help: 'Objects stored, by resource.',
    labelNames: ['resource'],
    registers: [],
    async collect() {
      this.reset()
      for (const [resource, count] of await countObjects()) this.set({ resource }, count)
    },
  })
  registry.registerMetric(underWay)
  registry.registerMetric(objects)
  return {
    registry,
    inFlight: {
      onChange: (way, count) => void answered.set(way, count),
      onRefused: (way) => refused.inc({ request_kind: way }),
    },
    observe: (target, verb, code, seconds) => {
      const labels = { verb: verb.toUpperCase(), ...labelsOf(target) }
      if (verb !== 'watch') latency.observe(labels, seconds)
      total.inc({ ...labels, code: String(code) })
    },
    countWatch: (target, response) => {
      if (!('stream' in response)) return response
      const { subresource: _none, ...place } = labelsOf(target)
      const labels = { ...place, verb: 'WATCH' }
      return {
        ...response,
        stream: (sink) => {
          watches.inc(labels)
          sink.onClose(() => watches.dec(labels))
          response.stream(sink)
        },
      }
    },
  }
}

function labelsOf(target: ResourceRequest | undefined) {
  const { group = '', version = '', resource = '', subresource = '' } = target ?? {}
  return { group, version, resource, subresource }
}
