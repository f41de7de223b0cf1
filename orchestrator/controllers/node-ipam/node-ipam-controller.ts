import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { makeAddressRanges } from './address-ranges.ts'
import { planRanges } from './plan-ranges.ts'

/** Each node's share of the pod addresses. One key for all nodes: two must not get the same. */
export const startNodeIpamController: StartController = (context) => {
  const { clusterRange = '10.244.0.0/16', nodeRangeBits = 24 } = context.settings
  const ranges = makeAddressRanges(clusterRange, nodeRangeBits)
  const nodes = context.informers.of(kinds.node)
  const controller = startKeyController(context, {
    name: 'node-ipam-controller',
    kind: kinds.node,
    reads: [kinds.node],
    plan: () => ({ writes: planRanges(nodes.list(), ranges) }),
  })
  nodes.onChange((_node, isThere, previous) => {
    if (!previous || !isThere) controller.add('all')
  })
  return controller
}
