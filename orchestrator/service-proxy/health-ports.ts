import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'

// Load balancers ask here which nodes have pods of a service whose traffic stays on the node that it comes to.
// https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip

export interface HealthPort {
  readonly port: number
  /** How many pods of the service on this node take traffic. */
  readonly localEndpoints: number
}

export interface HealthPorts {
  /** @param key `namespace/name` of the service; undefined: it has no such port any more */
  set(key: string, wanted: HealthPort | undefined): void
  stop(): void
}

interface OpenPort {
  readonly server: Server
  wanted: HealthPort
}

/** What is to be told of a service on this node. @returns undefined for one that has no such port */
export function healthPortOf(
  service: KubeObject,
  slices: readonly KubeObject[],
  nodeName: string,
): HealthPort | undefined {
  const port = numberAt(service, ['spec', 'healthCheckNodePort']) ?? 0
  if (port === 0) return undefined
  const local = slices
    .flatMap((slice) => listAt(slice, ['endpoints']))
    .filter((endpoint) => textAt(endpoint, ['nodeName']) === nodeName)
    .filter((endpoint) => valueAt(endpoint, ['conditions', 'ready']) !== false)
  const addresses = new Set(local.map((endpoint) => valueAt(endpoint, ['addresses', 0])))
  return { port, localEndpoints: addresses.size }
}

/** @param hosts where to listen; empty: everywhere */
export function openHealthPorts(
  hosts: readonly string[],
  onProblem: (what: string, error: unknown) => void,
): HealthPorts {
  const open = new Map<string, OpenPort[]>()
  const close = (key: string): void => {
    for (const { server } of open.get(key) ?? []) {
      server.close()
      server.closeAllConnections()
    }
    open.delete(key)
  }
  return {
    set: (key, wanted) => {
      const known = open.get(key) ?? []
      if (wanted && known[0]?.wanted.port === wanted.port) {
        for (const each of known) each.wanted = wanted
        return
      }
      close(key)
      if (!wanted) return
      const places: readonly (string | undefined)[] = hosts.length > 0 ? hosts : [undefined]
      open.set(
        key,
        places.map((host) => {
          const each: OpenPort = { server: answering(key, () => each.wanted), wanted }
          each.server.on('error', (error) => onProblem(`listen for the health of ${key}`, error))
          each.server.listen(wanted.port, host)
          return each
        }),
      )
    },
    stop: () => {
      for (const key of open.keys()) close(key)
    },
  }
}

function answering(key: string, wanted: () => HealthPort): Server {
  const [namespace, name] = key.split('/')
  return createServer((_request, response) => {
    const { localEndpoints } = wanted()
    response.writeHead(localEndpoints > 0 ? 200 : 503, {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(localEndpoints),
    })
    const service = { namespace, name }
    response.end(JSON.stringify({ service, localEndpoints, serviceProxyHealthy: true }))
  })
}
