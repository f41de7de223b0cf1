import type { Command } from 'commander'
import { isObject, listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { Json, JsonObject, KubeObject } from '../api/object.ts'
import { addMakingFlags, createObject, unset } from './create/generator.ts'
import type { GeneratorFlags } from './create/generator.ts'
import { readPairs } from './create/read-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { ChoiceFlags } from './resources/chosen-objects.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends GeneratorFlags, ChoiceFlags {
  readonly name?: string
  readonly port?: string
  readonly targetPort?: string
  readonly protocol?: string
  readonly type?: string
  readonly labels?: string
  readonly externalIp?: string
  readonly clusterIp?: string
  readonly sessionAffinity?: string
  readonly loadBalancerIp?: string
}

/** `myorch expose TYPE NAME --port=80`. */
export function addExpose(program: Command): void {
  const command = addChoiceFlags(
    program
      .command('expose')
      .description('Put a service in front of the pods of something')
      .argument('[target...]', 'TYPE NAME or TYPE/NAME'),
  )
    .option('--name <name>', 'of the service (that of the object)')
    .option('--port <number>', 'where the service listens (as the containers)')
    .option('--target-port <port>', 'where the pods listen')
    .option('--protocol <name>', 'TCP, UDP or SCTP')
    .option('--type <type>', 'ClusterIP, NodePort, LoadBalancer or ExternalName')
    .option('--labels <labels>', 'of the service, a=b,c=d')
    .option('--external-ip <ip>', 'another address of it')
    .option('--cluster-ip <ip>', 'which address; None: those of the pods')
    .option('--session-affinity <how>', 'None or ClientIP')
    .option('--load-balancer-ip <ip>', 'which one a load balancer is to have')
  addSessionAction<Flags>(
    addMakingFlags(command, 'kubectl-expose'),
    async (session, words, flags) => {
      const { eachChosen, findChosen, readChosen } = await import('./resources/chosen-objects.ts')
      await eachChosen(await findChosen(session, words, flags), async (chosen) => {
        const service = serviceFor(await readChosen(session, chosen), flags)
        await createObject(session, service, flags, { done: 'exposed' })
      })
    },
  )
}

function serviceFor(object: KubeObject, flags: Flags): KubeObject {
  const selector =
    flags.selector === undefined
      ? selectorOf(object)
      : readPairs(flags.selector, 'invalid selector')
  const ports = portsOf(object, flags)
  const labels =
    flags.labels === undefined ? object.metadata.labels : readPairs(flags.labels, 'invalid labels')
  const { type, clusterIp, sessionAffinity, externalIp, loadBalancerIp } = flags
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...unset,
      name: flags.name ?? object.metadata.name ?? '',
      ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    },
    spec: {
      ports,
      selector,
      ...(type ? { type } : {}),
      ...(externalIp ? { externalIPs: [externalIp] } : {}),
      ...(clusterIp ? { clusterIP: clusterIp } : {}),
      ...(sessionAffinity ? { sessionAffinity } : {}),
      ...(loadBalancerIp ? { loadBalancerIP: loadBalancerIp } : {}),
    },
    status: { loadBalancer: {} },
  }
}

const exposable = ['Pod', 'Service', 'ReplicationController', 'Deployment', 'ReplicaSet']

function selectorOf(object: KubeObject): JsonObject {
  const { kind, metadata } = object
  if (!exposable.includes(kind)) throw new CommandFailure(`cannot expose a ${kind}`)
  const found =
    kind === 'Pod'
      ? metadata.labels
      : (valueAt(object, ['spec', 'selector', 'matchLabels']) ??
        valueAt(object, ['spec', 'selector']))
  if (isObject(found) && Object.keys(found).length > 0) return found
  const why = kind === 'Pod' ? 'the pod has no labels and cannot be exposed' : 'it has no selector'
  throw new CommandFailure(
    `couldn't retrieve selectors via --selector flag or introspection: ${why}`,
  )
}

function portsOf(object: KubeObject, flags: Flags): JsonObject[] {
  const target = flags.targetPort
  const targetOf = (port: number): Json =>
    target === undefined ? port : /^\d+$/.test(target) ? Number(target) : target
  const made = (port: number, protocol: string, name?: string): JsonObject => ({
    ...(name === undefined ? {} : { name }),
    port,
    protocol,
    targetPort: targetOf(port),
  })
  const known = object.kind === 'Service' ? servicePorts(object) : containerPorts(object)
  if (flags.port !== undefined) {
    const numbers = flags.port.split(',').map(Number)
    return numbers.map((port, index) => {
      const protocol = flags.protocol ?? known.find((each) => each.port === port)?.protocol ?? 'TCP'
      return made(port, protocol, numbers.length > 1 ? `port-${index + 1}` : undefined)
    })
  }
  if (known.length === 0)
    throw new CommandFailure(
      "couldn't find port via --port flag or introspection\nSee 'myorch expose -h' for help and examples",
    )
  return known.map(({ port, protocol }, index) =>
    made(port, flags.protocol ?? protocol, known.length > 1 ? `port-${index + 1}` : undefined),
  )
}

interface Port {
  readonly port: number
  readonly protocol: string
}

function servicePorts(object: KubeObject): Port[] {
  return listAt(object, ['spec', 'ports']).map((each) => portAt(each, 'port'))
}

function containerPorts(object: KubeObject): Port[] {
  const spec = object.kind === 'Pod' ? ['spec'] : ['spec', 'template', 'spec']
  return listAt(object, [...spec, 'containers'])
    .flatMap((container) => listAt(container, ['ports']))
    .map((each) => portAt(each, 'containerPort'))
}

function portAt(each: JsonObject, field: string): Port {
  return { port: numberAt(each, [field]) ?? 0, protocol: textAt(each, ['protocol']) ?? 'TCP' }
}
