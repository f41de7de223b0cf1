import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { arch, availableParallelism, hostname, release, totalmem } from 'node:os'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt } from '../api/object.ts'
import { localPathFolder } from '../api/volumes/names.ts'
import { pressureCondition, pressureTypes } from './pressure/pressure-conditions.ts'
import type { PressureMemory } from './pressure/pressure-conditions.ts'

/** What a node is, apart from what changes. */
export interface NodeFacts {
  readonly name: string
  readonly address: string
  /** Of the agent's server. */
  readonly port: number
  readonly folder: string
  readonly labels: Readonly<Record<string, string>>
  readonly maxPods: number
  readonly version: string
}

/** Where volumes of the local-path provisioner are on a node. */
export function storageFolder(folder: string): string {
  return join(folder, 'storage')
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Bytes that are kept for the system itself. */
const reservedMemory = 100 * 1024 * 1024

export function nodeCapacity({ folder, maxPods }: NodeFacts): Record<string, string> {
  const { blocks, bsize } = statfsSync(folder)
  return {
    cpu: String(availableParallelism()),
    'ephemeral-storage': `${Math.floor((blocks * bsize) / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(maxPods),
  }
}

export function nodeAllocatable(facts: NodeFacts): Record<string, string> {
  const memory = `${Math.floor((totalmem() - reservedMemory) / 1024)}Ki`
  return { ...nodeCapacity(facts), memory }
}

/** The object of a node that is new. It has a taint until it is ready. */
export function newNode(facts: NodeFacts): KubeObject {
  const { name, labels } = facts
  const architecture = architectures[arch()] ?? arch()
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...labels,
      },
      annotations: { [localPathFolder]: storageFolder(facts.folder) },
    },
    spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
  }
}

export interface NodeImage {
  readonly names: readonly string[]
  readonly sizeBytes: number
}

/** What the agent says of the node again and again. */
export function nodeStatus(
  facts: NodeFacts,
  before: KubeObject | undefined,
  images: readonly NodeImage[],
  now: string,
  hasPressure: PressureMemory['has'] = () => false,
): JsonObject {
  const { name, address, port, version } = facts
  return {
    capacity: nodeCapacity(facts),
    allocatable: nodeAllocatable(facts),
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      architecture: architectures[arch()] ?? arch(),
      bootID: readLine('/proc/sys/kernel/random/boot_id'),
      containerRuntimeVersion: `mycontainer://${version}`,
      kernelVersion: release(),
      kubeProxyVersion: '',
      kubeletVersion: `v1.33.0-myorch.${version}`,
      machineID: readLine('/etc/machine-id') || hostname(),
      operatingSystem: 'linux',
      osImage: readOsName(),
      systemUUID: readLine('/sys/class/dmi/id/product_uuid'),
    },
    images: images.map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })),
    conditions: nodeConditions(before, now, hasPressure),
  }
}

function nodeConditions(
  before: KubeObject | undefined,
  now: string,
  hasPressure: PressureMemory['has'],
): JsonObject[] {
  const known = listAt(before, ['status', 'conditions'])
  const condition = (type: string, status: string, reason: string, message: string): JsonObject => {
    const last = known.find((it) => it['type'] === type)
    const since = last?.['status'] === status ? (last['lastTransitionTime'] ?? now) : now
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since }
  }
  return [
    ...pressureTypes.map((type) => {
      const { status, reason, message } = pressureCondition(type, hasPressure(type))
      return condition(type, status, reason, message)
    }),
    condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ]
}

function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** os-release(5) */
function readOsName(): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readLine('/etc/os-release'))?.[1] ?? 'Linux'
}
