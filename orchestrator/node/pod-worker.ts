import { join } from 'node:path'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import type { KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import { forgetPod } from './forget-pod.ts'
import { planPod } from './plan-pod.ts'
import type { PodPlan } from './plan-pod.ts'
import { containerSpecs, restartPolicyOf } from './pod-containers.ts'
import type { ContainerFacts, ContainerSpec } from './pod-containers.ts'
import { makePodPlace } from './pod-place.ts'
import type { PodPlace } from './pod-place.ts'
import { makePodSpans } from './pod-spans.ts'
import { podStatus } from './pod-status.ts'
import { apiNow, deadlineOf, graceOf } from './pod-times.ts'
import type { PodTools } from './pod-tools.ts'
import type { PodVerdict } from './pod-verdict.ts'
import { makePodContainers } from './pod-worker-containers.ts'
import type { PodContainers } from './pod-worker-containers.ts'
import type { Sandbox } from './sandbox.ts'
import { podFacts } from './start-container.ts'
import { makeStatusSender } from './status-sender.ts'
import type { StatusSender } from './status-sender.ts'
import { stopPod } from './stop-pod.ts'
import { makeSyncLoop } from './sync-loop.ts'
import type { SyncLoop } from './sync-loop.ts'

/** Milliseconds before a sandbox or a volume that failed is tried again. */
const retryAfter = 2000

const tooLong: PodVerdict = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}

/** Brings one pod to what the API wants of it, and tells the API how it is. */
export class PodWorker {
  readonly #tools: PodTools
  readonly #folder: string
  readonly #startTime: string
  readonly #containers: PodContainers
  readonly #place: PodPlace
  readonly #sender: StatusSender
  readonly #loop: SyncLoop
  readonly #onGone: () => void
  /** It is to be ended for it. */
  #sentence: PodVerdict | undefined
  #pod: KubeObject
  #ended: 'Succeeded' | 'Failed' | undefined
  #verdict: PodVerdict | undefined
  /** Until it runs; absent for one that another agent has begun. */
  #seenAt: number | undefined
  #isInitialized = false
  #isEnding = false
  #isGone = false

  /** @param known runs of its containers that an agent before us has started, oldest first */
  constructor(
    tools: PodTools,
    pod: KubeObject,
    known: readonly ContainerRecord[],
    onGone: () => void,
  ) {
    this.#tools = tools
    this.#pod = pod
    this.#onGone = onGone
    this.#folder = join(tools.podsFolder, pod.metadata.uid ?? '')
    this.#startTime = textAt(pod, ['status', 'startTime']) ?? apiNow()
    this.#ended = endOf(pod)
    if (known.length === 0) this.#seenAt = performance.now()
    const shared = { tools, folder: this.#folder, spans: makePodSpans(tools, pod) }
    const tell = (text: EventText): void => tools.tell(this.#pod, text)
    this.#place = makePodPlace({ ...shared, tell }, pod)
    this.#sender = makeStatusSender(tools.client, pod, {
      spans: shared.spans,
      onProblem: (error) => tools.onProblem(`status of pod ${pod.metadata.name}`, error),
    })
    this.#loop = makeSyncLoop({
      sync: () => this.#measuredSync(),
      retryAfter,
      onProblem: (error) =>
        tools.onProblem(`pod ${pod.metadata.namespace}/${pod.metadata.name}`, error),
    })
    this.#containers = makePodContainers({
      ...shared,
      pod: () => this.#pod,
      // The loop is held up while all of it is ended.
      onChange: () => (this.#isEnding ? this.#report() : this.#loop.wake()),
      tell,
    })
    this.#containers.adopt(known)
    this.#loop.wake()
  }

  /** As the API has it now. */
  update(pod: KubeObject): void {
    this.#pod = pod
    this.#containers.graceChanged(graceOf(pod))
    this.#loop.wake()
  }

  /** Something outside changed that it may depend on: a ConfigMap, a minute that has passed. */
  refresh(): void {
    this.#containers.retryConfig()
    this.#loop.wake()
  }

  /** The node has no room for it, or none any more: it ends as failed, as soon as the verdict wants. */
  evict(why: PodVerdict): void {
    this.#sentence ??= why
    this.#loop.wake()
  }

  get pod(): KubeObject {
    return this.#pod
  }

  /** It takes room of the node: it has not ended, and is not about to. */
  get isActive(): boolean {
    return !this.#isGone && this.#ended === undefined && this.#sentence === undefined
  }

  /** The node has decided that it ends, and it has not ended yet. */
  get isBeingEvicted(): boolean {
    return !this.#isGone && this.#ended === undefined && this.#sentence !== undefined
  }

  facts(container: string): ContainerFacts {
    return this.#containers.facts.get(container) ?? {}
  }

  get sandbox(): Sandbox | undefined {
    return this.#place.sandbox
  }

  /** It runs nothing and holds nothing any more. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Do nothing more; containers go on. */
  async stop(): Promise<void> {
    const stopped = this.#loop.stop()
    this.#containers.stopProbes()
    await Promise.all([stopped, this.#containers.halt()])
  }

  async #measuredSync(): Promise<void> {
    const begun = performance.now()
    await this.#sync()
    const type = this.#isEnding ? 'terminating' : 'sync'
    this.#tools.metrics.observeSync(type, (performance.now() - begun) / 1000)
  }

  /** One look at what is wanted and what is. */
  async #sync(): Promise<void> {
    if (this.#isGone) return
    if (this.#pod.metadata.deletionTimestamp !== undefined) return this.#terminate()
    if (this.#ended) return this.#report()
    if (this.#sentence) return this.#endFor(this.#sentence)
    const deadline = deadlineOf(this.#pod, this.#startTime)
    if (deadline !== undefined && deadline <= Date.now())
      return this.#fail(tooLong, graceOf(this.#pod))
    const place = await this.#place.prepare(this.#pod)
    if (!place) {
      this.#report()
      return this.#loop.lookAgain(retryAfter)
    }
    const full = await this.#place.exceeded(this.#pod)
    if (full !== undefined) return this.#endFor({ reason: 'Evicted', message: full })
    const specs = containerSpecs(this.#pod)
    const { facts } = this.#containers
    const plan = planPod(specs, facts, restartPolicyOf(this.#pod), performance.now())
    this.#isInitialized = plan.isInitialized
    if (plan.ended) return this.#end(plan.ended, pick(specs, plan.stop))
    this.#report()
    for (const spec of pick(specs, plan.start)) this.#containers.start(spec, place)
    this.#lookAgainFor(plan, deadline)
  }

  #lookAgainFor({ lookAgainAt }: PodPlan, deadline: number | undefined): void {
    const waits = [
      ...(lookAgainAt === undefined ? [] : [lookAgainAt - performance.now()]),
      ...(deadline === undefined ? [] : [deadline - Date.now()]),
    ]
    if (waits.length > 0) this.#loop.lookAgain(Math.min(...waits))
  }

  #report(): void {
    if (this.#isGone) return
    const { sandbox } = this.#place
    const status = podStatus(this.#pod, this.#containers.facts, {
      hasSandbox: sandbox !== undefined,
      addresses: sandbox ? podFacts(this.#tools, sandbox).podIPs : [],
      hostAddress: this.#tools.nodeAddress,
      isInitialized: this.#isInitialized,
      ended: this.#ended,
      startTime: this.#startTime,
      now: apiNow(),
      ...this.#verdict,
    })
    this.#sender.send(status)
    this.#noteStart(status['phase'] === 'Running')
  }

  #noteStart(isRunning: boolean): void {
    if (this.#seenAt === undefined || !isRunning) return
    this.#tools.metrics.observePodStart((performance.now() - this.#seenAt) / 1000)
    this.#seenAt = undefined
  }

  /** It has ended by itself, but for sidecars. */
  async #end(ended: 'Succeeded' | 'Failed', left: readonly ContainerSpec[]): Promise<void> {
    await this.#containers.halt()
    await this.#containers.stop(left, graceOf(this.#pod))
    this.#ended = ended
    await this.#finish()
  }

  async #endFor(why: PodVerdict): Promise<void> {
    const { reason, message, told = message } = why
    this.#tools.tell(this.#pod, { type: 'Warning', reason, message: told })
    await this.#fail(why, why.graceSeconds ?? 0)
  }

  /** The node ends the pod, for a reason of its own. */
  async #fail({ reason, message }: PodVerdict, grace: number): Promise<void> {
    await stopPod(this.#containers, this.#pod, grace)
    this.#ended = 'Failed'
    this.#verdict = { reason, message }
    await this.#finish()
  }

  /** Its namespaces and volumes go, its containers stay for their logs. */
  async #finish(): Promise<void> {
    this.#report()
    await this.#sender.settled()
    await this.#place.release(this.#pod)
  }

  async #terminate(): Promise<void> {
    this.#isEnding = true
    await stopPod(this.#containers, this.#pod, graceOf(this.#pod))
    this.#ended ??= this.#containers.hasFailed() ? 'Failed' : 'Succeeded'
    await this.#finish()
    const { facts } = this.#containers
    await forgetPod(this.#tools, { pod: this.#pod, folder: this.#folder, facts })
    this.#isGone = true
    this.#onGone()
  }
}

/** A pod that was over before this agent began stays so. */
function endOf(pod: KubeObject): 'Succeeded' | 'Failed' | undefined {
  const phase = textAt(pod, ['status', 'phase'])
  return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined
}

function pick(specs: readonly ContainerSpec[], names: readonly string[]): ContainerSpec[] {
  return specs.filter(({ name }) => names.includes(name))
}
