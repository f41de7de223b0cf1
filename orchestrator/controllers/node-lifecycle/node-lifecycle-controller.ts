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
import { readSign } from './node-silence.ts'
import type { NodeSign } from './node-silence.ts'
import { planNodeHealth, planPodsNotReady } from './plan-node-health.ts'

const name = 'node-controller'

/** Watches over the nodes: who fell silent, and what that means for its pods. */
export const startNodeLifecycleController: StartController = (context) => {
  const round = makeRound(context)
  const { nodeMonitorGrace: grace = 40_000 } = context.settings
  const { nodeMonitorPeriod: period = Math.min(5_000, grace / 8) } = context.settings
  const clock = makeHearingClock(period, () => performance.now())
  let isStopped = false
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const next = (): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      clock.tick()
      // A turn later, so that what waited in the sockets while we stood still is read before anybody is judged.
      running = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => (isStopped ? undefined : round(clock.now())))
        .catch((error: unknown) => context.onProblem(`${name} (${describeError(error)})`, error))
        .then(next)
    }, period)
    timer.unref()
  }
  next()
  return {
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  } satisfies RunningController
}

function makeRound(context: ControllerContext): (heard: number) => Promise<void> {
  const { informers, settings } = context
  const nodes = informers.of(kinds.node)
  const leases = informers.of(kinds.lease)
  const pods = informers.of(kinds.pod)
  pods.addIndex('node of pod', (pod) => [nodeOf(pod) ?? ''])
  const budget = makeEvictionBudget()
  const signs = new Map<string, NodeSign>()
  const tools = writeTools(context)
  const awaitSeen = makeAwaitSeen((object) => (object.kind === 'Node' ? nodes : undefined))
  sayComings(context, tools)
  return async (heard) => {
    await Promise.all([nodes.synced, leases.synced, pods.synced])
    const all = nodes.list()
    readSigns(all, signs, (node) => leases.get({ namespace: 'kube-node-lease', name: node }), heard)
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
    const now = new Date()
    for (const node of nodes.list())
      await runEach(
        context,
        tools,
        planPodsNotReady(node, pods.byIndex('node of pod', node.metadata.name ?? ''), now),
      )
  }
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
