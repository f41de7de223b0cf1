import { isObject, listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import type { Kind } from '../api/kind.ts'
import { forbidden, internalError, StatusError, success } from '../api/status-error.ts'
import { formatTime } from '../api/write/prepare-write.ts'
import { labelSelector } from '../controllers/objects/label-selector.ts'
import type { ApiContext } from './api-context.ts'
import { serverUser } from './bootstrap.ts'
import { deleteObject, readDeleteOptions } from './delete-object.ts'
import { readBody } from './handle-write.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { everything, listObjects } from './list-objects.ts'
import { respondStatus } from './render.ts'
import type { ResourceRequest } from './request-info.ts'

// A deletion that asks the disruption budgets first.
// https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/

const refused = "Cannot evict pod as it would violate the pod's disruption budget."

export async function handleEviction(
  context: ApiContext,
  kind: Kind,
  { namespace, name = '' }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { value } = await readBody(context, request)
  const body = isObject(value['deleteOptions']) ? value['deleteOptions'] : undefined
  const options = readDeleteOptions(body, request.query)
  const pod = await context.resources.get(kind, namespace, name)
  if (!isFree(pod)) {
    const budget = await budgetOf(context, pod)
    if (budget && !isUnhealthyAndFree(pod, budget))
      await takeFrom(context, budget, pod, options.dryRun)
    if (!options.dryRun) await markDisrupted(context, kind, pod)
  }
  await deleteObject(context, { kind, namespace, name }, options, request.user)
  return respondStatus(success(201))
}

/** What does not run yet, or not any more, is no disruption. */
function isFree({ metadata, status }: KubeObject): boolean {
  const phase = textAt(status, ['phase']) ?? ''
  return (
    metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(phase)
  )
}

async function budgetOf(
  { store, registry }: ApiContext,
  { metadata }: KubeObject,
): Promise<KubeObject | undefined> {
  const kind = registry.byKind('policy/v1', 'PodDisruptionBudget')!
  const all = { ...everything, namespace: metadata.namespace }
  const { items } = await listObjects(store, kind, all)
  const matching = items.filter((budget) =>
    labelSelector(valueAt(budget, ['spec', 'selector']))(metadata.labels),
  )
  if (matching.length > 1)
    throw internalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  return matching[0]
}

/** A pod that serves nobody may go, if the budget says so or holds without it. */
function isUnhealthyAndFree(pod: KubeObject, budget: KubeObject): boolean {
  const ready = listAt(pod, ['status', 'conditions']).find((one) => one['type'] === 'Ready')
  if (ready?.['status'] === 'True') return false
  if (textAt(budget, ['spec', 'unhealthyPodEvictionPolicy']) === 'AlwaysAllow') return true
  const healthy = numberAt(budget, ['status', 'currentHealthy']) ?? 0
  const wanted = numberAt(budget, ['status', 'desiredHealthy']) ?? 0
  return wanted > 0 && healthy >= wanted
}

function tooMany(why: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', refused, {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

/** @throws StatusError 429 when the budget allows no more */
function decrease(kind: Kind, budget: KubeObject, pod: KubeObject): KubeObject {
  const { name = '', generation = 1 } = budget.metadata
  const status = budget.status ?? {}
  if ((numberAt(status, ['observedGeneration']) ?? 0) < generation)
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10)
  const allowed = numberAt(status, ['disruptionsAllowed']) ?? 0
  if (allowed < 0) throw forbidden(kind, name, 'pdb disruptions allowed is negative')
  if (allowed === 0)
    throw tooMany(
      `The disruption budget ${name} needs ${numberAt(status, ['desiredHealthy']) ?? 0} healthy pods and has ${numberAt(status, ['currentHealthy']) ?? 0} currently`,
    )
  const disruptedPods = {
    ...(status['disruptedPods'] as JsonObject | undefined),
    [pod.metadata.name ?? '']: formatTime(new Date()),
  }
  return { ...budget, status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods } }
}

async function takeFrom(
  { resources, registry }: ApiContext,
  budget: KubeObject,
  pod: KubeObject,
  dryRun: boolean,
): Promise<void> {
  const kind = registry.byKind('policy/v1', 'PodDisruptionBudget')!
  const { namespace, name = '' } = budget.metadata
  const change = (current: KubeObject) => decrease(kind, current, pod)
  await resources.update(kind, namespace, name, change, { user: serverUser, dryRun }, 'status')
}

async function markDisrupted(
  { resources }: ApiContext,
  kind: Kind,
  { metadata }: KubeObject,
): Promise<void> {
  const lastTransitionTime = formatTime(new Date())
  const added = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime,
  }
  const change = (pod: KubeObject): KubeObject => ({
    ...pod,
    status: {
      ...pod.status,
      conditions: [
        ...listAt(pod, ['status', 'conditions']).filter((one) => one['type'] !== added.type),
        added,
      ],
    },
  })
  const write = { user: serverUser, dryRun: false }
  await resources.update(kind, metadata.namespace, metadata.name ?? '', change, write, 'status')
}
