import t from 'tap'
import { makeDecisionLog } from '../../../orchestrator/scheduler/decision-log.ts'
import { choosePlugins } from '../../../orchestrator/scheduler/default-plugins.ts'
import { formatDecision } from '../../../orchestrator/scheduler/format-decision.ts'
import type { NodeInfo } from '../../../orchestrator/scheduler/node-info.ts'
import type { PodInfo } from '../../../orchestrator/scheduler/pod-info.ts'
import { recordAttempt, recordGated } from '../../../orchestrator/scheduler/record-decision.ts'
import { schedulePod } from '../../../orchestrator/scheduler/schedule-pod.ts'
import { makeSnapshot } from '../../../orchestrator/scheduler/snapshot.ts'
import { makeNode, makePod } from './fixtures.ts'

const moment = { scheduler: 'default-scheduler', attempt: 1, at: 0, milliseconds: 0.25 }

function decide(pod: PodInfo, nodes: NodeInfo[]) {
  const snapshot = makeSnapshot(nodes)
  const options = { plugins: choosePlugins(), percentageOfNodesToScore: 0, random: () => 0 }
  return recordAttempt(pod, snapshot, schedulePod(pod, snapshot, 0, options), moment)
}

t.test('a decision has a row for each node, the best first', async (t) => {
  const log = makeDecisionLog()
  log.add(
    decide(makePod('a', { cpu: '1' }), [
      makeNode('n1', {}, [makePod('b', { cpu: '2' })]),
      makeNode('n2'),
      makeNode('n3', { spec: { unschedulable: true } }),
    ]),
  )
  const decision = log.find('default', 'a')
  t.match(decision, {
    outcome: 'Scheduled',
    node: 'n2',
    nodesTotal: 3,
    nodes: [
      { node: 'n2', total: Number },
      { node: 'n1' },
      {
        node: 'n3',
        rejectedBy: { plugin: 'NodeUnschedulable', reasons: ['node(s) were unschedulable'] },
      },
    ],
  })
  t.equal(decision?.nodes[0]?.scores?.length, decision?.scorers.length)
  const text = formatDecision(decision!)
  t.match(text, /^pod default\/a → node n2 \(3 of 3 nodes looked at; attempt 1, 0\.25 ms/)
  t.match(text, /^NODE +TaintToleration×3 +NodeResourcesFit/m)
  t.match(text, /^\* n2 /m)
  t.match(text, /^ {2}n3 +NodeUnschedulable +node\(s\) were unschedulable$/m)
  t.notMatch(text, /It would fit/)
})

t.test('a pod without a node is told what would help', async (t) => {
  const log = makeDecisionLog()
  log.add(decide(makePod('a', { cpu: '5' }), [makeNode('n1')]))
  const text = formatDecision(log.find('default', 'a')!)
  t.match(text, /^0\/1 nodes are available: 1 Insufficient cpu\./m)
  t.match(text, /^It would fit: ask for 1 less cpu/m)
})

t.test('a pod with gates', async (t) => {
  const log = makeDecisionLog()
  const gated = makePod('a', { spec: { schedulingGates: [{ name: 'x' }] } })
  log.add(recordGated(gated, 'waiting', moment))
  t.match(formatDecision(log.find('default', 'a')!), /It would fit: remove the scheduling gates x/)
})

t.test('the oldest are forgotten first', async (t) => {
  const nodes = [makeNode('n1'), makeNode('n2')]
  const byCount = makeDecisionLog({ decisions: 2, rows: 100 })
  const byRows = makeDecisionLog({ decisions: 100, rows: 4 })
  for (const log of [byCount, byRows]) {
    for (const name of ['a', 'b', 'a', 'c']) log.add(decide(makePod(name), nodes))
    t.ok(log.find('default', 'a'))
    t.notOk(log.find('default', 'b'))
    t.ok(log.find('default', 'c'))
  }
})
