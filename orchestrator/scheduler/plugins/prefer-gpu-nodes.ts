import { maxScore } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { Amounts } from '../amounts.ts'

// Not among upstream's plugins; is enabled by name.

const label = 'myorch.dev/gpu'
const isGpu = (resource: string) => /(^|[./-])gpu([./-]|$)/.test(resource)

/** Nodes with graphics processors for pods that ask for one, or say by label that they want one; others keep off. */
export const preferGpuNodes: Plugin = {
  name: 'PreferGpuNodes',
  prepareScore: ({ requests, labels }) => {
    const wants = labels[label] === 'true' || countGpus(requests) > 0
    return { score: (node) => (hasGpu(node) === wants ? maxScore : 0) }
  },
}

function hasGpu({ labels, allocatable }: NodeInfo): boolean {
  return labels[label] === 'true' || countGpus(allocatable) > 0
}

function countGpus({ others }: Amounts): number {
  return Object.entries(others).reduce((sum, [name, amount]) => sum + (isGpu(name) ? amount : 0), 0)
}
