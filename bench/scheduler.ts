import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../orchestrator/api/object.ts'
import type { Client } from '../orchestrator/client/client.ts'
import { makeLocalClient } from '../orchestrator/client/local-client.ts'
import { makeDecisionLog } from '../orchestrator/scheduler/decision-log.ts'
import { startScheduler } from '../orchestrator/scheduler/start-scheduler.ts'
import { makeApiServer } from '../orchestrator/server/api-server.ts'
import { openSqliteStore } from '../orchestrator/store/sqlite/sqlite-store.ts'
import type { Span } from '../orchestrator/trace/span.ts'
import { quantile } from './samples.ts'

// `node bench/main.ts scheduler`: fake nodes and pods that wait, one API server on a disk, the scheduler in the same
// process. The clock runs from the start of the scheduler to the last binding and the last event that a watch has seen.

interface Load {
  readonly title: string
  readonly spec: (index: number) => KubeObject['spec']
}

const services = 20
const appOf = (index: number) => `app-${index % services}`
const container = {
  name: 'web',
  image: 'registry.example/web:1',
  resources: { requests: { cpu: '100m', memory: '128Mi' } },
}

const loads: readonly Load[] = [
  { title: 'pods of services', spec: () => ({ containers: [container] }) },
  {
    title: 'pods spread over zones, apart by preference',
    spec: (index) => {
      const labelSelector = { matchLabels: { app: appOf(index) } }
      return {
        containers: [container],
        topologySpreadConstraints: [
          {
            maxSkew: 5,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector,
          },
        ],
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 1,
                podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector },
              },
            ],
          },
        },
      }
    },
  },
]

const podsPerNode = 10

/** Pods given nodes each second, at 100 and at 1 000 nodes. */
export async function measureScheduler(): Promise<void> {
  print(`\n## pods scheduled, ${podsPerNode} per node, with their bindings and events written (/s)`)
  print('nodes    pods  pods/s  choice p50  choice p99  load')
  const [few, many] = [100, 1000]
  for (const load of loads) {
    const small = await measureLoad(load, few)
    const great = await measureLoad(load, many)
    const growth = (great / small).toFixed(1)
    print(`   ${many / few} times the nodes and pods: ${growth} times the cost of a choice`)
  }
  print(
    '   choice: from taking a pod off the queue to knowing its node and keeping the decision, ms',
  )
}

/** @returns milliseconds that a choice takes */
async function measureLoad({ title, spec }: Load, nodes: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-scheduler-'))
  const store = openSqliteStore(join(folder, 'store.db'))
  try {
    const client = makeLocalClient(await makeApiServer(store), {
      name: 'system:kube-scheduler',
      groups: ['system:masters'],
    })
    const pods = nodes * podsPerNode
    await createAll(client, nodes, makeNode)
    await createAll(client, services, makeService)
    await createAll(client, pods, (index) => makePod(index, spec(index)))
    const choices: number[] = []
    const seconds = await schedule(client, pods, ({ action, milliseconds }) => {
      if (action.startsWith('choose')) choices.push(milliseconds)
    })
    choices.sort((a, b) => a - b)
    const figures = [
      String(nodes).padStart(5),
      String(pods).padStart(6),
      (pods / seconds).toFixed(0).padStart(6),
      quantile(choices, 0.5).toFixed(3).padStart(10),
      quantile(choices, 0.99).toFixed(3).padStart(10),
      title,
    ]
    print(figures.join('  '))
    return quantile(choices, 0.5)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

/** @returns seconds until the last pod has its node, and every event of it is written too */
async function schedule(
  client: Client,
  pods: number,
  record: (span: Span) => void,
): Promise<number> {
  const start = performance.now()
  const bound = watchUntil(client, 'Pod', pods, ({ spec }) => Boolean(spec?.['nodeName']))
  const told = watchUntil(client, 'Event', pods, ({ reason }) => reason === 'Scheduled')
  const scheduler = await startScheduler({ client, record, decisions: makeDecisionLog() })
  await Promise.all([bound, told])
  const seconds = (performance.now() - start) / 1000
  await scheduler.stop()
  return seconds
}

async function watchUntil(
  client: Client,
  kind: string,
  count: number,
  isCounted: (object: KubeObject) => boolean,
): Promise<void> {
  const selection = { fieldSelector: 'metadata.name=none' }
  const { resourceVersion } = await client.list({ apiVersion: 'v1', kind }, selection)
  const stopped = new AbortController()
  const names = new Set<string>()
  const onEvent = ({ object }: { readonly object: KubeObject }) => {
    if (isCounted(object)) names.add(object.metadata.name ?? '')
    if (names.size >= count) stopped.abort()
  }
  await client.watch(
    { apiVersion: 'v1', kind },
    { resourceVersion, signal: stopped.signal, onEvent },
  )
}

async function createAll(
  client: Client,
  count: number,
  make: (index: number) => KubeObject,
): Promise<void> {
  const together = 200
  for (let from = 0; from < count; from += together)
    await Promise.all(
      Array.from({ length: Math.min(together, count - from) }, (_, index) =>
        client.create(make(from + index)),
      ),
    )
}

function makeNode(index: number): KubeObject {
  const name = `node-${index}`
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'topology.kubernetes.io/zone': `zone-${index % 3}`,
      },
    },
    status: {
      allocatable: { cpu: '8', memory: '32Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}

function makeService(index: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: appOf(index), namespace: 'default' },
    spec: { clusterIP: 'None', selector: { app: appOf(index) }, ports: [{ port: 80 }] },
  }
}

function makePod(index: number, spec: KubeObject['spec']): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'default', labels: { app: appOf(index) } },
    spec: { schedulerName: 'default-scheduler', ...spec },
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
