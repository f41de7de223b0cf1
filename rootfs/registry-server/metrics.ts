import type { Registry as MetricCollection } from 'prom-client'
import type { AccessEntry } from './access-log.ts'
import type { Registry } from './registry.ts'
import { totalSize } from './repository-table.ts'

/** What Prometheus reads. */
export interface Metrics {
  observe(kind: string, entry: AccessEntry): void
  countCollection(freedBytes: number): void
  /** The text format, and its media type. */
  render(): Promise<{ readonly type: string; readonly text: string }>
}

const durationBuckets = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]

/** Metrics in a collection of their own, so that two servers in one process do not mix. */
export async function createMetrics({ database, uploads }: Registry): Promise<Metrics> {
  const prometheus = await import('prom-client')
  const collection = new prometheus.Registry()
  prometheus.collectDefaultMetrics({ register: collection })
  const { requests, seconds, received, sent } = requestMetrics(prometheus, collection)
  const { active, stored, collections, freed } = contentMetrics(prometheus, collection)
  return {
    observe(endpoint, { request, response, bytesIn, bytesOut, milliseconds }) {
      const method = knownMethod(request.method)
      requests.inc({ endpoint, method, status: String(response.statusCode) })
      seconds.observe({ endpoint, method }, milliseconds / 1000)
      received.inc(bytesIn)
      sent.inc(bytesOut)
    },
    countCollection(bytes) {
      collections.inc()
      freed.inc(bytes)
    },
    async render() {
      active.set(uploads.activeCount)
      stored.set(totalSize(database))
      return { type: collection.contentType, text: await collection.metrics() }
    },
  }
}

type Prometheus = typeof import('prom-client')

function requestMetrics({ Counter, Histogram }: Prometheus, collection: MetricCollection) {
  const registers = [collection]
  const labelNames = ['endpoint', 'method']
  return {
    requests: new Counter({
      name: 'registry_http_requests_total',
      help: 'Requests that were answered, by endpoint, method and status',
      labelNames: [...labelNames, 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'registry_http_request_duration_seconds',
      help: 'Time from the first line of a request to the end of its answer',
      labelNames,
      buckets: durationBuckets,
      registers,
    }),
    received: new Counter({
      name: 'registry_received_bytes_total',
      help: 'Bytes that clients sent',
      registers,
    }),
    sent: new Counter({
      name: 'registry_sent_bytes_total',
      help: 'Bytes that were sent to clients',
      registers,
    }),
  }
}

function contentMetrics({ Counter, Gauge }: Prometheus, collection: MetricCollection) {
  const registers = [collection]
  return {
    active: new Gauge({
      name: 'registry_uploads_active',
      help: 'Uploads that a request is writing to',
      registers,
    }),
    stored: new Gauge({
      name: 'registry_stored_bytes',
      help: 'Bytes of the content of all repositories',
      registers,
    }),
    collections: new Counter({
      name: 'registry_collections_total',
      help: 'Runs of garbage collection',
      registers,
    }),
    freed: new Counter({
      name: 'registry_collected_bytes_total',
      help: 'Bytes that garbage collection freed',
      registers,
    }),
  }
}

/** Clients choose methods; series must not grow with their fancy. */
function knownMethod(method: string | undefined): string {
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  return method !== undefined && known.includes(method) ? method : 'other'
}
