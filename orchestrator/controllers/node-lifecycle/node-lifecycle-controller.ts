import { describeError } from '../../../native/error.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ControllerContext, RunningController, StartController } from '../controller.ts'
import { makeAwaitSeen } from '../await-seen.ts'
import { kinds } from '../objects/kinds.ts'
import { nodeOf } from '../objects/pod-facts.ts'
import { isStatus, runWrites } from '../writes/run-writes.ts'
import type { WriteTools } from '../writes/run-writes.ts'
import type { Write } from '../writes/write.ts'
import { makeEvictionBudget } from './eviction-budget.ts'
import { makeHearingClock } from './hearing-clock.ts'
import type { HearingClock } from './hearing-clock.ts'
import { readSign } from './node-silence.ts'
import type { NodeSign } from './node-silence.ts'
import { readiness } from './node-taints.ts'
import { planNodeHealth, planPodsNotReady } from './plan-node-health.ts'
import { startRounds } from './rounds.ts'

const name = 'node-controller'
const leaseNamespace = 'kube-node-lease'

/** Watches over the nodes: who fell silent, and what that means for its pods. */
export const startNodeLifecycleController: StartController = (context) => {
  const { nodeMonitorGrace: grace = 40_000 } = context.settings
  const { nodeMonitorPeriod: period = Math.min(5_000, grace / 8) } = context.settings
  const clock = makeHearingClock(period, () => performance.now())
  const signs = new Map<string, NodeSign>()
  const rounds = startRounds({
    period,
    clock,
    round: makeRound(context, signs, clock),
    onProblem: (error) => context.onProblem(`${name} (${describeError(error)})`, error),
  })
  hearNodes(context, signs, { clock, hurry: () => rounds.hurry() })
  return { stop: () => rounds.stop() } satisfies RunningController
}

/** A lease is heard when it comes, not when somebody looks; a node that changes is looked at soon. */
function hearNodes(
  { informers }: ControllerContext,
  signs: Map<string, NodeSign>,
  { clock, hurry }: { readonly clock: HearingClock; readonly hurry: () => void },
): void {
  const nodes = informers.of(kinds.node)
  nodes.onChange(hurry)
  informers.of(kinds.lease).onChange((lease) => {
    const { name: key = '', namespace } = lease.metadata
    const before = signs.get(key)
    const node = before && namespace === leaseNamespace ? nodes.get({ name: key }) : undefined
    if (node) signs.set(key, readSign(node, lease, before, clock.now()))
  })
}

function makeRound(
  context: ControllerContext,
  signs: Map<string, NodeSign>,
  clock: HearingClock,
): () => Promise<number> {
  const { informers, settings } = context
  const nodes = informers.of(kinds.node)
  const leases = informers.of(kinds.lease)
  const pods = informers.of(kinds.pod)
  pods.addIndex('node of pod', (pod) => [nodeOf(pod) ?? ''])
  const budget = makeEvictionBudget()
  const tools = writeTools(context)
  const awaitSeen = makeAwaitSeen((object) => (object.kind === 'Node' ? nodes : undefined))
  sayComings(context, tools)
  return async () => {
    await Promise.all([nodes.synced, leases.synced, pods.synced])
    const heard = clock.now()
    const all = nodes.list()
    const leaseOf = (node: string) => leases.get({ namespace: leaseNamespace, name: node })
    readSigns(all, signs, leaseOf, heard)
    const {
      nodeMonitorGrace = 40_000,
      nodeStartupGrace = 60_000,
      nodeEvictionRate = 0.1,
    } = settings
    const writes = planNodeHealth({
      nodes: all,
      signs,
      heard,
      graceMs: nodeMonitorGrace,
      startupGraceMs: Math.max(nodeStartupGrace, nodeMonitorGrace),
      rates: {
        perSecond: nodeEvictionRate,
        reducedPerSecond: nodeEvictionRate / 10,
        unhealthyShare: 0.55,
        smallZone: 50,
      },
      takeEviction: (zone, rate) => budget.take(zone, rate, heard),
      now: new Date(),
    })
    await runEach(context, tools, writes, awaitSeen)
    if (writes.length === 0 && all.every((node) => readiness(node) === 'True'))
      return untilSilent(signs, heard, nodeMonitorGrace)
    const now = new Date()
    for (const node of nodes.list())
      await runEach(
        context,
        tools,
        planPodsNotReady(node, pods.byIndex('node of pod', node.metadata.name ?? ''), now),
      )
    return 0
  }
}

/** For how long the first of the nodes, of which all are ready, may still be silent. */
function untilSilent(signs: ReadonlyMap<string, NodeSign>, heard: number, graceMs: number): number {
  const first = Array.from(signs.values()).reduce((at, sign) => Math.min(at, sign.heardAt), heard)
  return first + graceMs - heard
}

function readSigns(
  nodes: readonly KubeObject[],
  signs: Map<string, NodeSign>,
  leaseOf: (node: string) => KubeObject | undefined,
  heard: number,
): void {
  const names = new Set(nodes.map(({ metadata }) => metadata.name ?? ''))
  for (const node of signs.keys()) if (!names.has(node)) signs.delete(node)
  for (const node of nodes) {
    const key = node.metadata.name ?? ''
    signs.set(key, readSign(node, leaseOf(key), signs.get(key), heard))
  }
}

function writeTools({ client, recorder }: ControllerContext): WriteTools {
  const say = recorder(name)
  return { client, remark: ({ about, ...text }) => say(about, text) }
}

/** The writes of different objects fail apart; a lost race is seen in the next round. */
async function runEach(
  { onProblem }: ControllerContext,
  tools: WriteTools,
  writes: readonly Write[],
  awaitSeen: (objects: readonly KubeObject[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const groups = Map.groupBy(writes, (write) =>
    write.verb === 'remark' ? write.remark.about.metadata.uid : write.object.metadata.uid,
  )
  for (const group of groups.values())
    try {
      await awaitSeen(await runWrites(tools, group))
    } catch (error) {
      if (!isStatus(error, 404, 409)) onProblem(name, error)
    }
}

function sayComings({ informers }: ControllerContext, { remark }: WriteTools): void {
  const nodes = informers.of(kinds.node)
  let isSynced = false
  void nodes.synced.then(
    () => (isSynced = true),
    () => undefined,
  )
  nodes.onChange((about, isThere, previous) => {
    const node = about.metadata.name
    if (isThere && !previous) {
      const message = `Node ${node} event: Registered Node ${node} in Controller`
      remark({ about, type: 'Normal', reason: 'RegisteredNode', message })
    } else if (!isThere && isSynced) {
      const message = `Node ${node} event: Removing Node ${node} from Controller`
      remark({ about, type: 'Normal', reason: 'RemovingNode', message })
    }
  })
}
