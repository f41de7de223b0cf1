import { isObject, numberAt, sameJson, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { makeSelector, parseLabelSelector } from '../../api/selectors.ts'
import { builtInPathKind, objectPath } from '../../client/resource-path.ts'
import { makeWorkQueue } from '../../client/work-queue.ts'
import type { ControllerContext, StartController } from '../controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { secondsText } from '../objects/pod-facts.ts'
import { isStatus } from '../writes/run-writes.ts'
import { conditionsOf, planAutoscaler } from './plan-autoscaler.ts'
import type { AutoscalerMemory, AutoscalerPlan } from './plan-autoscaler.ts'

const autoscalerKind = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }
const podMetricsKind = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }
const usualPeriodMs = 15_000

/** Grows and shrinks what autoscalers point at, by what its pods use. */
export const startHorizontalPodAutoscalerController: StartController = (context) => {
  const { informers, settings, onProblem } = context
  const autoscalers = informers.of(autoscalerKind)
  const memories = new Map<string, AutoscalerMemory>()
  const period = settings.autoscalerPeriod ?? usualPeriodMs
  const counts = context.counts.add('horizontal-pod-autoscaler', () => queue.depth)
  const look = makeLook(context)
  const queue = makeWorkQueue({
    work: async (key) => {
      await Promise.all([autoscalers.synced, informers.of(kinds.pod).synced])
      const autoscaler = autoscalers.get(splitKey(key))
      if (!autoscaler) return void memories.delete(key)
      queue.addAfter(key, period)
      const startedAt = performance.now()
      const memory = memories.get(key) ?? { recommendations: [], events: [] }
      memories.set(key, memory)
      await look(autoscaler, memory)
      counts.reconciles++
      counts.milliseconds += performance.now() - startedAt
    },
    onProblem: (key, error) => {
      counts.failures++
      if (!isStatus(error, 404, 409)) onProblem(`horizontal-pod-autoscaler ${key}`, error)
    },
  })
  autoscalers.onChange((autoscaler, isThere, previous) => {
    const wanted = (one?: KubeObject) => one?.metadata.generation ?? JSON.stringify(one?.spec)
    // What it says of itself is no reason to look again before its time.
    if (!isThere || !previous || wanted(autoscaler) !== wanted(previous))
      queue.add(keyOf(autoscaler))
  })
  return { stop: () => queue.stop() }
}

interface Scale {
  readonly replicas: number
  readonly selector: string
}

function makeLook(context: ControllerContext) {
  const { client, informers, recorder } = context
  const say = recorder('horizontal-pod-autoscaler')
  const pods = informers.of(kinds.pod)

  async function saveStatus(autoscaler: KubeObject, status: JsonObject): Promise<void> {
    if (sameJson(autoscaler.status, status)) return
    await client.update({ ...autoscaler, status }, 'status')
  }

  /** @returns what went wrong, where it did */
  async function scaleTo(autoscaler: KubeObject, desired: number, reason: string) {
    const { kind, of } = targetOf(autoscaler)
    try {
      await client.patch(kind, of, 'merge', { spec: { replicas: desired } }, 'scale')
      const message = `New size: ${desired}; reason: ${reason}`
      say(autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message })
      return undefined
    } catch (error) {
      const why = (error as Error).message
      const message = `New size: ${desired}; reason: ${reason}; error: ${why}`
      say(autoscaler, { type: 'Warning', reason: 'FailedRescale', message })
      return why
    }
  }

  return async (autoscaler: KubeObject, memory: AutoscalerMemory): Promise<void> => {
    const now = new Date()
    const { namespace } = autoscaler.metadata
    const scale = await readScale(context, autoscaler)
    if (typeof scale === 'string') {
      say(autoscaler, { type: 'Warning', reason: 'FailedGetScale', message: scale })
      const why = `the HPA controller was unable to get the target's current scale: ${scale}`
      const texts = [['AbleToScale', 'False', 'FailedGetScale', why]] as const
      const conditions = conditionsOf({ autoscaler, now }, texts)
      return saveStatus(autoscaler, { ...autoscaler.status, conditions })
    }
    const selects = makeSelector(parseLabelSelector(scale.selector), [])
    const selected = pods.list(namespace ?? '').filter((pod) => selects?.(pod) ?? false)
    const selection = { namespace, labelSelector: scale.selector }
    const metrics = await client.list(podMetricsKind, selection).then(
      ({ items }) => items,
      (error: unknown) => (error as Error).message,
    )
    const current = scale.replicas
    const view = { autoscaler, currentReplicas: current, pods: selected, metrics, memory, now }
    const plan = planAutoscaler(view)
    for (const reason of plan.problem ? [plan.problem.reason, 'FailedComputeMetricsReplicas'] : [])
      say(autoscaler, { type: 'Warning', reason, message: plan.problem?.message ?? '' })
    const failure =
      plan.rescale === undefined ? undefined : await scaleTo(autoscaler, plan.desired, plan.rescale)
    const isScaled = plan.rescale !== undefined && failure === undefined
    if (isScaled) memory.events.push({ change: plan.desired - current, at: now.getTime() })
    await saveStatus(autoscaler, statusOf(autoscaler, plan, { current, failure, isScaled, now }))
  }
}

interface Outcome {
  readonly current: number
  readonly failure: string | undefined
  readonly isScaled: boolean
  readonly now: Date
}

function statusOf(
  autoscaler: KubeObject,
  plan: AutoscalerPlan,
  { current, failure, isScaled, now }: Outcome,
): JsonObject {
  const last = textAt(autoscaler, ['status', 'lastScaleTime'])
  const lastScaleTime = isScaled ? secondsText(now) : last
  const to = `the HPA controller was able to update the target scale to ${plan.desired}`
  const not = `the HPA controller was unable to update the target scale: ${failure}`
  const planned = { ...autoscaler, status: { conditions: [...plan.conditions] } }
  const conditions = conditionsOf({ autoscaler: planned, now }, [
    ...(isScaled ? ([['AbleToScale', 'True', 'SucceededRescale', to]] as const) : []),
    ...(failure === undefined
      ? []
      : ([['AbleToScale', 'False', 'FailedUpdateScale', not]] as const)),
  ])
  const { generation } = autoscaler.metadata
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas: current,
    desiredReplicas: failure === undefined ? plan.desired : current,
    ...(plan.currentMetrics.length > 0 ? { currentMetrics: [...plan.currentMetrics] } : {}),
    conditions,
  }
}

function targetOf({ spec, metadata }: KubeObject) {
  const at = (field: string) => textAt(spec, ['scaleTargetRef', field]) ?? ''
  const kind = { apiVersion: at('apiVersion'), kind: at('kind') }
  return { kind, of: { name: at('name'), namespace: metadata.namespace } }
}

/** @returns why it cannot be read, as a text */
async function readScale({ client }: ControllerContext, autoscaler: KubeObject) {
  const { kind, of } = targetOf(autoscaler)
  const known = builtInPathKind(kind)
  if (!known)
    return `no matches for kind ${JSON.stringify(kind.kind)} in group version ${JSON.stringify(kind.apiVersion)}`
  try {
    const scale = await client.request('GET', objectPath(known, of, 'scale'))
    const selector = isObject(scale) ? textAt(scale, ['status', 'selector']) : undefined
    if (!selector) return 'selector is required'
    const replicas = numberAt(scale, ['spec', 'replicas']) ?? 0
    return { replicas, selector } satisfies Scale
  } catch (error) {
    return (error as Error).message
  }
}
