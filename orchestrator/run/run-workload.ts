import { OperationError } from '../../native/error.ts'
import { StatusError } from '../api/status-error.ts'
import { listAt, numberAt, textAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { makeInformer } from '../client/informer.ts'
import { diagnosePod } from '../why/diagnose-pod.ts'
import { explainPod } from '../why/explain-pod.ts'
import type { RunPlan } from './plan-run.ts'

export interface RunOptions {
  /** Milliseconds for all pods to become available. */
  readonly patienceMs: number
  readonly print: (line: string) => void
  /** Told what is waited for, and what holds it up, once each. */
  readonly note: (line: string) => void
}

/** Milliseconds after which a word is said about waiting. */
const quietMs = 2000

const deploymentKind = { apiVersion: 'apps/v1', kind: 'Deployment' }

/**
 * Create a workload and wait until all its pods are available; then say where they are and how to call them.
 *
 * @throws {OperationError} `TIMEOUT` with what holds the pods up
 * @throws {StatusError} where an object is refused, or there already
 */
export async function runWorkload(
  client: Client,
  { deployment, service }: RunPlan,
  { patienceMs, print, note }: RunOptions,
): Promise<void> {
  const begun = performance.now()
  const { name = '', namespace } = (await create(client, deployment)).metadata
  const exposed = service ? await createService(client, service, { name, namespace }) : undefined
  const told = tellWhatHolds(client, { name, namespace }, patienceMs, note)
  const isAvailableInTime = await untilAvailable(client, { name, namespace }, patienceMs)
  told.stop()
  if (!isAvailableInTime) throw await notAvailable(client, { name, namespace }, patienceMs)
  const pods = await podsOf(client, { name, namespace })
  const took = ((performance.now() - begun) / 1000).toFixed(1)
  print(
    `deployment ${name}: ${pods.length} ${pods.length === 1 ? 'pod is' : 'pods are'} Running after ${took} s`,
  )
  for (const pod of pods.toSorted((a, b) => nodeOf(a).localeCompare(nodeOf(b))))
    print(`  ${nodeOf(pod).padEnd(16)} ${pod.metadata.name}  ${textAt(pod, ['status', 'podIP'])}`)
  if (exposed) print(`curl ${await addressOf(client, exposed)}`)
}

interface Named {
  readonly name: string
  readonly namespace: string | undefined
}

function untilAvailable(client: Client, { name, namespace }: Named, ms: number): Promise<boolean> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}` }
  const informer = makeInformer(client, deploymentKind, selection)
  const done = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => done.resolve(false), ms)
  informer.onChange((object, isThere) => {
    if (isThere && isAvailable(object)) done.resolve(true)
  })
  return done.promise.finally(() => {
    clearTimeout(timer)
    informer.stop()
  })
}

function isAvailable(deployment: KubeObject): boolean {
  const wanted = numberAt(deployment, ['spec', 'replicas']) ?? 1
  const isSeen =
    (numberAt(deployment, ['status', 'observedGeneration']) ?? 0) >=
    (deployment.metadata.generation ?? 0)
  return isSeen && (numberAt(deployment, ['status', 'availableReplicas']) ?? 0) >= wanted
}

async function create(client: Client, object: KubeObject): Promise<KubeObject> {
  try {
    return await client.create(object)
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'AlreadyExists') throw error
    const { name = '' } = object.metadata
    const hint = `Give another NAME, or first "myorch delete deployment,service ${name}"`
    throw new OperationError(
      'ALREADY_EXISTS',
      `run ${name}`,
      { kind: object.kind ?? '' },
      { exitCode: 1, cause: error, hint },
    )
  }
}

/** Without its service nothing is left of the workload: it can be run again. */
async function createService(client: Client, service: KubeObject, of: Named): Promise<KubeObject> {
  try {
    return await create(client, service)
  } catch (error) {
    await client.delete(deploymentKind, of)
    throw error
  }
}

/** A wait that says nothing looks as if nothing happened. */
function tellWhatHolds(
  client: Client,
  { name, namespace }: Named,
  ms: number,
  note: (line: string) => void,
): { stop(): void } {
  const selection = { namespace, labelSelector: `app=${name}` }
  const informer = makeInformer(client, { apiVersion: 'v1', kind: 'Pod' }, selection)
  const told = new Set<string>()
  informer.onChange((pod, isThere) => {
    if (!isThere || textAt(pod, ['spec', 'nodeName']) === undefined) return
    for (const { state, cause } of diagnosePod(pod)) {
      if (told.has(state) || state.startsWith('Not')) continue
      told.add(state)
      note(`pod ${pod.metadata.name} is held up: ${state}: ${cause}`)
    }
  })
  const timer = setTimeout(
    () => note(`waiting for the pods of deployment ${name}, ${ms / 1000} s at most`),
    quietMs,
  )
  return {
    stop: () => {
      clearTimeout(timer)
      informer.stop()
    },
  }
}

async function podsOf(client: Client, { name, namespace }: Named): Promise<KubeObject[]> {
  const selection = { namespace, labelSelector: `app=${name}` }
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod' }, selection)
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

function nodeOf(pod: KubeObject): string {
  return textAt(pod, ['spec', 'nodeName']) ?? ''
}

async function notAvailable(client: Client, of: Named, ms: number): Promise<OperationError> {
  const pods = await podsOf(client, of)
  const explained = await Promise.all(
    pods.map(({ metadata }) => explainPod(client, of.namespace ?? '', metadata.name ?? '')),
  )
  const held = explained.find(({ findings }) => findings.length > 0)
  const finding = held?.findings[0]
  return new OperationError(
    'TIMEOUT',
    `wait for all pods of deployment ${of.name}`,
    finding
      ? { seconds: ms / 1000, state: finding.state, why: finding.cause }
      : { seconds: ms / 1000 },
    {
      exitCode: 1,
      hint: held
        ? `"myorch why pod/${held.pod.name} -n ${of.namespace}" says what would help`
        : `See "kubectl describe deployment ${of.name} -n ${of.namespace}"`,
    },
  )
}

/** By which the service is reached from outside: any node's address will do. */
async function addressOf(client: Client, service: KubeObject): Promise<string> {
  const nodes = await client.list({ apiVersion: 'v1', kind: 'Node' })
  const address = nodes.items
    .flatMap((node) => listAt(node, ['status', 'addresses']))
    .find(({ type }) => type === 'InternalIP')
  const port = numberAt(listAt(service, ['spec', 'ports'])[0], ['nodePort'])
  return `http://${textAt(address, ['address']) ?? 'NODE'}:${port}`
}
