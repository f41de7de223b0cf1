import { networkInterfaces } from 'node:os'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { sameJson } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { serverUser } from './bootstrap.ts'

// The services that a cluster has from the beginning: `kubernetes`, by which pods reach this server, and `kube-dns`, which
// each node answers itself.

export interface ClusterServicesOptions {
  /** Where the server listens. */
  readonly host: string
  readonly port: number
  /** Names and addresses by which it may be called. */
  readonly names?: readonly string[] | undefined
}

const write = { user: serverUser, dryRun: false }
const serverService = '10.96.0.1'
const dnsService = '10.96.0.10'

/** Make what is missing of them, and say where this server is now. */
export async function ensureClusterServices(
  context: ApiContext,
  options: ClusterServicesOptions,
): Promise<void> {
  const address = serverAddress(options, ownAddresses())
  await ensure(context, 'v1', 'default', kubernetesService(options.port), false)
  await ensure(context, 'v1', 'kube-system', dnsServiceObject(), false)
  if (address === undefined) return
  await ensure(context, 'v1', 'default', serverEndpoints(address, options.port), true)
  const slice = serverSlice(address, options.port)
  await ensure(context, 'discovery.k8s.io/v1', 'default', slice, true)
}

/**
 * Where pods reach the server; pure.
 *
 * @param own addresses of this machine, loopback left out
 * @returns undefined for a server that listens only to its own machine
 */
export function serverAddress(
  { host, names = [] }: ClusterServicesOptions,
  own: readonly string[],
): string | undefined {
  const isUsable = (text: string): boolean =>
    /^\d+\.\d+\.\d+\.\d+$/.test(text) && !text.startsWith('127.') && text !== '0.0.0.0'
  if (isUsable(host)) return host
  if (host !== '0.0.0.0' && host !== '::') return undefined
  return names.find(isUsable) ?? own[0]
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}

function kubernetesService(port: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: serverService,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  }
}

function dnsServiceObject(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: dnsService,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  }
}

function serverEndpoints(ip: string, port: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      // The slice beside it is written here too.
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  }
}

function serverSlice(ip: string, port: number): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
}

/** @param isKept whether what is there is changed to this */
async function ensure(
  { registry, resources }: ApiContext,
  apiVersion: string,
  namespace: string,
  object: KubeObject,
  isKept: boolean,
): Promise<void> {
  const kind = registry.byKind(apiVersion, object.kind)!
  const name = object.metadata.name ?? ''
  try {
    await resources.create(kind, namespace, object, write)
  } catch (error) {
    if (!isTaken(error)) throw error
    if (!isKept) return
    const { metadata: _metadata, ...content } = object
    const merge = (current: KubeObject): KubeObject => ({ ...current, ...(content as JsonObject) })
    const current = await resources.get(kind, namespace, name)
    if (!sameJson(merge(current), current))
      await resources.update(kind, namespace, name, merge, write)
  }
}

/** The name by the service that was there before, or its address by somebody else's, who then has to give it up. */
function isTaken(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false
  const { reason, message = '' } = error.status
  return reason === 'AlreadyExists' || /already allocated/.test(message)
}
