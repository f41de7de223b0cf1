import { maxScore } from '../framework.ts'
import type { Plugin } from '../framework.ts'

/** Prefers nodes whose CPU and memory would be used alike, so that neither is left without the other. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  prepareScore: ({ requests }) => {
    if (requests.cpu === 0 && requests.memory === 0) return undefined
    return {
      score: ({ allocatable, requested }) => {
        if (allocatable.cpu === 0 || allocatable.memory === 0) return maxScore
        const cpu = Math.min(1, (requested.cpu + requests.cpu) / allocatable.cpu)
        const memory = Math.min(1, (requested.memory + requests.memory) / allocatable.memory)
        return Math.floor((1 - Math.abs(cpu - memory) / 2) * maxScore)
      },
    }
  },
}
