import type { Json, JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'
import { readInteger, splitLists } from './read-flags.ts'

interface Flags extends GeneratorFlags {
  readonly tcp?: string[]
  readonly clusterip?: string
  readonly nodePort?: string
  readonly externalName?: string
}

const portFlag = ['--tcp <port:target...>', 'where it listens, and its pods'] as const

function build(type: string, { name, flags }: { name: string; flags: Flags }): KubeObject {
  const isHeadless = flags.clusterip === 'None'
  const ports = splitLists(flags.tcp).map(readPort)
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName')
    throw new CommandFailure('at least one tcp port specifier must be provided')
  const nodePort = readInteger('--node-port', flags.nodePort, 'create service nodeport')
  if (nodePort) for (const port of ports) port['nodePort'] = nodePort
  const labels = { app: name }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...unset, name, labels },
    spec: {
      selector: labels,
      type,
      ...(ports.length > 0 ? { ports } : {}),
      ...(flags.clusterip ? { clusterIP: flags.clusterip } : {}),
      ...(flags.externalName ? { externalName: flags.externalName } : {}),
    },
    status: { loadBalancer: {} },
  }
}

/** `80`, `80:8080`, `80:http`. */
function readPort(text: string): JsonObject {
  const [first = '', target = first, ...more] = text.split(':')
  const port = portNumber(first)
  if (more.length > 0) throw new CommandFailure(`invalid port spec: ${text}`)
  const targetPort: Json = /^\d+$/.test(target) ? portNumber(target) : target
  const name = text.replace(':', '-')
  return { name, port, protocol: 'TCP', targetPort }
}

function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (port >= 1 && port <= 65_535) return port
  if (port === 0) throw new CommandFailure('must be between 1 and 65535, inclusive')
  const why = Number.isNaN(port) ? 'invalid syntax' : 'value out of range'
  throw new CommandFailure(`strconv.ParseUint: parsing "${text}": ${why}`)
}

/** `myorch create service TYPE NAME --tcp=PORT`. */
export const services: readonly Generator<Flags>[] = [
  {
    name: 'clusterip',
    failure: 'ClusterIP service:',
    description: 'An address within the cluster',
    flags: [portFlag, ['--clusterip <ip>', 'which; None: the addresses of its pods instead']],
    build: (making) => build('ClusterIP', making),
  },
  {
    name: 'nodeport',
    failure: 'NodePort service:',
    description: 'A port of every node',
    flags: [portFlag, ['--node-port <number>', 'which']],
    build: (making) => build('NodePort', making),
  },
  {
    name: 'loadbalancer',
    failure: 'LoadBalancer service:',
    description: 'An address of a load balancer',
    flags: [portFlag],
    build: (making) => build('LoadBalancer', making),
  },
  {
    name: 'externalname',
    required: ['external-name'],
    failure: 'ExternalName service:',
    description: 'Another name for something elsewhere',
    flags: [portFlag, ['--external-name <name>', 'in the DNS']],
    build: (making) => {
      return build('ExternalName', making)
    },
  },
]
