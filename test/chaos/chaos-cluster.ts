import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, textAt } from '../../orchestrator/api/object.ts'
import type { KindName } from '../../orchestrator/client/client.ts'
import { makeHttpClient } from '../../orchestrator/client/http-client.ts'
import type { HttpClient } from '../../orchestrator/client/http-client.ts'
import { untilReachable } from '../../orchestrator/client/until-reachable.ts'
import { readKubeconfig } from '../../orchestrator/client/read-kubeconfig.ts'
import { podLabels } from '../../orchestrator/node/container-options.ts'
import { readProcessFile } from '../../runtime/container/monitor-files.ts'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import { readStartTicks } from '../../runtime/container/process-identity.ts'
import { makeLocalCluster } from '../cluster/local-cluster.ts'
import type { ClusterMaking, LocalCluster } from '../cluster/local-cluster.ts'
import { waitUntil } from '../integration/command-line.ts'
import { isAlive } from './victims.ts'
import type { Victim } from './victims.ts'

export const podKind = { apiVersion: 'v1', kind: 'Pod' }
export const nodeKind = { apiVersion: 'v1', kind: 'Node' }

/** A container of a pod that lives now, by what its node's runtime has written down. */
export interface LiveContainer extends Victim {
  readonly kind: 'init'
  readonly id: string
  readonly node: string
  readonly pod: string
  readonly uid: string
  readonly container: string
  readonly monitor: Victim
}

/** A cluster whose parts are done harm to. */
export interface ChaosCluster extends LocalCluster {
  readonly client: HttpClient
  readonly nodes: readonly string[]
  /** Where the cluster's own state is. */
  readonly path: string
  /** Of the server, or of a node. */
  readonly pidOf: (name: string) => number
  /** One of our own commands, which has to go well. */
  readonly myorch: (...words: string[]) => Promise<string>
  readonly liveContainers: (ofNodes?: readonly string[]) => LiveContainer[]
  /** Wait until what is there of a kind satisfies the test, whoever is away meanwhile. */
  readonly until: (
    title: string,
    kind: KindName,
    holds: (objects: KubeObject[]) => boolean,
    timeoutMs?: number,
  ) => Promise<KubeObject[]>
}

export async function makeChaosCluster(
  t: Test,
  nodes: number,
  making?: ClusterMaking,
): Promise<ChaosCluster> {
  const cluster = await makeLocalCluster(t, nodes, making)
  const client = makeHttpClient(await readKubeconfig(cluster.env['KUBECONFIG'] ?? ''))
  t.teardown(() => client.close())
  const path = join(cluster.folder, 'myorch/clusters', cluster.name)
  const names = Array.from({ length: nodes }, (_, at) => `${cluster.name}-${at + 1}`)
  return {
    ...cluster,
    client,
    path,
    nodes: names,
    pidOf: (name) =>
      (JSON.parse(readFileSync(join(path, 'processes', name), 'utf8')) as { pid: number }).pid,
    myorch: async (...words) => {
      const { code, stdout, stderr } = await cluster.own('myorch', ...words)
      if (code !== 0) throw new Error(`myorch ${words.join(' ')}: exit ${code}: ${stderr}`)
      return stdout
    },
    liveContainers: (of = names) =>
      of.flatMap((node) => containersOf(node, join(path, 'nodes', node, 'runtime'))),
    until: async (title, kind, holds, timeoutMs) => {
      let objects: KubeObject[] = []
      const never = new AbortController()
      await waitUntil(
        title,
        async () => {
          objects = (await untilReachable(() => client.list(kind), never.signal)).items
          return holds(objects)
        },
        timeoutMs,
      ).catch((error: unknown) => {
        throw new Error(`${title}: ${JSON.stringify(objects.map(briefly))}`, { cause: error })
      })
      return objects
    },
  }
}

const briefly = ({ metadata, status }: KubeObject): object => ({
  name: metadata.name,
  deleted: metadata.deletionTimestamp,
  status,
})

function containersOf(node: string, root: string): LiveContainer[] {
  const folder = join(root, 'data/containers')
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((id) => {
    try {
      const text = readFileSync(join(folder, id, 'record.json'), 'utf8')
      const { options } = JSON.parse(text) as ContainerRecord
      const file = readProcessFile(join(folder, id, 'state'))
      const uid = options.labels[podLabels.uid]
      if (!file || uid === undefined) return []
      const found: LiveContainer = {
        kind: 'init',
        pid: file.pid,
        ticks: file.startTicks,
        id,
        node,
        uid,
        pod: options.labels[podLabels.name] ?? '',
        container: options.labels[podLabels.container] ?? '',
        monitor: { kind: 'monitor', pid: file.monitorPid, ticks: file.monitorStartTicks, id },
      }
      return isAlive(found) ? [found] : []
    } catch {
      return [] // Removed meanwhile, or only half there yet.
    }
  })
}

/** The zygotes of a process: its children that are one. */
export function zygotesOf(parent: number): Victim[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Victim[] => {
      try {
        const status = readFileSync(`/proc/${name}/status`, 'latin1')
        const words = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0')
        const ticks = readStartTicks(Number(name))
        const isOne = status.includes(`\nPPid:\t${parent}\n`) && words.includes('zygote')
        return isOne && ticks !== undefined ? [{ kind: 'zygote', pid: Number(name), ticks }] : []
      } catch {
        return [] // It has ended.
      }
    })
}

export const isReadyPod = (pod: KubeObject): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  listAt(pod, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )

export const isReadyNode = (node: KubeObject): boolean =>
  listAt(node, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )

export const nodeOfPod = (pod: KubeObject): string | undefined => textAt(pod, ['spec', 'nodeName'])

/** A workload of pods that only sleep, and do not mind being ended. */
export function sleepers(
  kind: 'Deployment' | 'StatefulSet',
  name: string,
  replicas: number,
  more: { readonly pod?: object; readonly container?: object } = {},
): KubeObject {
  const labels = { app: name }
  const container = { name: 'web', image: 'host', command: ['sleep', '1000'], ...more.container }
  const spec = { terminationGracePeriodSeconds: 1, containers: [container], ...more.pod }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
    },
  }
}

/** From the environment, for a run again; printed in any case. */
export function chaosSeed(t: Test): number {
  const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  t.comment(`CHAOS_SEED=${seed}`)
  return seed
}
