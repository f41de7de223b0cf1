import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { makeInformer } from '../client/informer.ts'
import { makeInformers } from '../client/informers.ts'
import type { Informers } from '../client/informers.ts'
import { describeError } from '../../native/error.ts'
import { healthPortOf, openHealthPorts } from './health-ports.ts'
import { planHostPorts } from './plan-host-ports.ts'
import { planService } from './plan-service.ts'
import type { ServiceContext } from './plan-service.ts'
import { openServiceTable, removeServiceTable } from './service-table.ts'
import type { ServiceTable } from './service-table.ts'
import { forgetStale } from './forget-stale.ts'
import { emptyPart } from './table-part.ts'
import type { TablePart } from './table-part.ts'
import { startPulse } from '../node/pulse.ts'

export interface ServiceProxyOptions {
  readonly client: Client
  readonly nodeName: string
  /** The node's range of pod addresses. */
  readonly podCidr: string
  /** All pods' range; absent: 10.244.0.0/16. */
  readonly clusterCidr?: string | undefined
  /** Absent: 10.96.0.0/12. */
  readonly serviceCidr?: string | undefined
  /** Where node ports answer; absent: at every address of this node. */
  readonly nodeAddresses?: readonly string[] | undefined
  /** For services that prefer what is near. */
  readonly zone?: string | undefined
  /** Addresses of services that something on this node answers itself, as the cluster's DNS; absent: 10.96.0.10. */
  readonly ownAddresses?: readonly string[] | undefined
  /** Name of the nftables table; nodes that share a network namespace need one each. */
  readonly table?: string | undefined
  /** Milliseconds between two looks at whether somebody changed the table; absent: 10 000. */
  readonly checkEvery?: number | undefined
  /** Shared with others of this process; they stay open. */
  readonly informers?: Informers | undefined
  readonly onProblem?: ((what: string, error: unknown) => void) | undefined
  /** Told of each transaction. */
  readonly onChange?: ((changes: number) => void) | undefined
}

export interface ServiceProxy {
  /** Stop following; what is in the kernel goes on. */
  stop(): Promise<void>
}

export const usualTable = 'myorch-services'
const usualCheck = 10_000
/** Milliseconds: changes that come together are one transaction. */
const gather = 5
const retryAfter = 1_000
const serviceNameLabel = 'kubernetes.io/service-name'

/**
 * Send what goes to services to their pods, in the network namespace of this process, by rules of the kernel.
 *
 * @returns when every service that is known now is in place
 */
export async function startServiceProxy(options: ServiceProxyOptions): Promise<ServiceProxy> {
  const { client, nodeName } = options
  const onProblem = options.onProblem ?? printProblem
  const informers = options.informers ?? makeInformers(client, { onProblem })
  const services = informers.of({ apiVersion: 'v1', kind: 'Service' })
  const slices = informers.of({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' })
  const ownPods = { fieldSelector: `spec.nodeName=${nodeName}` }
  const pods = makeInformer(client, { apiVersion: 'v1', kind: 'Pod' }, ownPods, { onProblem })
  const close = (): void => {
    pods.stop()
    if (!options.informers) informers.stop()
  }
  slices.addIndex('service', (slice) => [serviceOf(slice) ?? ''])
  try {
    await Promise.all([informers.synced(), pods.synced])
  } catch (error) {
    close()
    throw error
  }
  const context = contextOf(options)
  const plan = (owner: string): TablePart => {
    const [kind, key = ''] = owner.split(' ')
    const [namespace, name = ''] = key.split('/')
    if (kind === 'pod') {
      const pod = pods.get({ namespace, name })
      return pod ? planHostPorts(pod) : emptyPart
    }
    const service = services.get({ namespace, name })
    return service ? planService(service, slices.byIndex('service', key), context) : emptyPart
  }
  const applier = makeApplier(options, plan, onProblem)
  const health = openHealthPorts(options.nodeAddresses ?? [], onProblem)
  const tellHealth = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/')
    const service = services.get({ namespace, name })
    const inSlices = slices.byIndex('service', key)
    health.set(key, service && healthPortOf(service, inSlices, nodeName))
  }
  services.onChange((service) => {
    applier.touch(`service ${keyOf(service)}`)
    tellHealth(keyOf(service))
  })
  slices.onChange((slice, _isThere, previous) => {
    for (const one of [slice, previous]) {
      const key = one && serviceOf(one)
      if (!key) continue
      applier.touch(`service ${key}`)
      tellHealth(key)
    }
  })
  pods.onChange((pod) => applier.touch(`pod ${keyOf(pod)}`))
  applier.apply()
  return {
    stop: async () => {
      applier.stop()
      health.stop()
      close()
    },
  }
}

/** Take everything of the proxy out of the kernel; fine where there is nothing. */
export function removeServiceProxy(table = usualTable): void {
  removeServiceTable(table)
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`

function serviceOf({ metadata }: KubeObject): string | undefined {
  const name = metadata.labels?.[serviceNameLabel]
  return name === undefined ? undefined : `${metadata.namespace}/${name}`
}

function contextOf(options: ServiceProxyOptions): ServiceContext {
  return {
    nodeName: options.nodeName,
    zone: options.zone,
    clusterCidr: options.clusterCidr ?? '10.244.0.0/16',
    ownAddresses: new Set(options.ownAddresses ?? ['10.96.0.10']),
  }
}

interface Applier {
  touch(owner: string): void
  apply(): void
  stop(): void
}

function makeApplier(
  options: ServiceProxyOptions,
  plan: (owner: string) => TablePart,
  onProblem: (what: string, error: unknown) => void,
): Applier {
  const open = (): ServiceTable =>
    openServiceTable({
      table: options.table ?? usualTable,
      podCidr: options.podCidr,
      clusterCidr: options.clusterCidr ?? '10.244.0.0/16',
      serviceCidr: options.serviceCidr ?? '10.96.0.0/12',
      nodeAddresses: options.nodeAddresses,
    })
  let table = open()
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const known = new Map<string, TablePart>()
  const touched = new Set<string>()
  const apply = (): void => {
    clearTimeout(timer)
    timer = undefined
    try {
      const parts = new Map([...touched].map((owner) => [owner, plan(owner)]))
      const changes = table.apply(parts)
      touched.clear()
      if (changes === 0) return
      options.onChange?.(changes)
      try {
        forgetStale(table, known, parts)
      } catch (error) {
        // The rules are right; what was is forgotten when its time is over.
        onProblem('forget backends that have gone', error)
      }
      for (const [owner, part] of parts)
        if (part.elements.length > 0) known.set(owner, part)
        else known.delete(owner)
    } catch (error) {
      onProblem('write the rules of services', error)
      rebuild(retryAfter)
    }
  }
  const schedule = (delay: number): void => {
    timer ??= setTimeout(apply, delay)
  }
  // What the kernel has is not what we think any more: all of it is made anew.
  const rebuild = (delay: number): void => {
    table = open()
    for (const owner of known.keys()) touched.add(owner)
    schedule(delay)
  }
  const checking = startPulse(options.checkEvery ?? usualCheck, () => {
    try {
      if (table.isDamaged()) rebuild(0)
    } catch (error) {
      onProblem('look at the rules of services', error)
    }
  }).unref()
  return {
    touch: (owner) => {
      touched.add(owner)
      if (!isStopped) schedule(gather)
    },
    apply,
    stop: () => {
      isStopped = true
      clearTimeout(timer)
      checking.stop()
    },
  }
}

function printProblem(what: string, error: unknown): void {
  const line = { time: new Date().toISOString(), level: 'error', what, error: describeError(error) }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
