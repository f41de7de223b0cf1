import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { makeNodeInfo, readNodeFacts } from '../../../orchestrator/scheduler/node-info.ts'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import { readPodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'

interface PodWish {
  readonly namespace?: string
  readonly labels?: Record<string, string>
  /** Requests of its one container. */
  readonly cpu?: string
  readonly memory?: string
  readonly node?: string
  readonly spec?: object
  readonly status?: object
  readonly metadata?: object
}

/** A pod as the API would give it. */
export function podObject(name: string, wish: PodWish = {}): KubeObject {
  const { namespace = 'default', labels = {}, cpu, memory, node, spec, status, metadata } = wish
  const requests = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${name}`, labels, ...metadata },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'c', image: 'web', resources: { requests } }],
      ...(node === undefined ? {} : { nodeName: node }),
      ...spec,
    },
    status: { phase: 'Pending', ...status },
  }
}

export function makePod(name: string, wish: PodWish = {}): PodInfo {
  return readPodInfo(podObject(name, wish))
}

interface NodeWish {
  readonly labels?: Record<string, string>
  readonly cpu?: string
  readonly memory?: string
  readonly limit?: string
  readonly others?: Record<string, string>
  readonly spec?: object
  readonly images?: readonly { names: string[]; sizeBytes: number }[]
}

export function nodeObject(name: string, wish: NodeWish = {}): KubeObject {
  const { labels = {}, cpu = '4', memory = '8Gi', limit = '110', others, spec, images } = wish
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...spec },
    status: {
      allocatable: { cpu, memory, pods: limit, 'ephemeral-storage': '100Gi', ...others },
      ...(images ? { images: images.map((image) => ({ ...image })) } : {}),
    },
  }
}

export function makeNode(
  name: string,
  wish: NodeWish = {},
  pods: readonly PodInfo[] = [],
): NodeInfo {
  return makeNodeInfo(
    readNodeFacts(nodeObject(name, wish)),
    pods.map((one) => ({ ...one, nodeName: name })),
  )
}
