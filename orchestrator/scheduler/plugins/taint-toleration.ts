import { normalizeByMax, rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { findUntolerated, tolerates } from '../tolerations.ts'
import type { Taint } from '../tolerations.ts'
import type { ClusterChange } from '../cluster-change.ts'

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  prepareFilter: ({ tolerations }) => ({
    filter: ({ name, taints }) => {
      const taint = taints.length === 0 ? undefined : findUntolerated(taints, tolerations)
      if (!taint) return undefined
      const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value}}`
      return rejectFinally(
        reason,
        () => `tolerate the taint ${formatTaint(taint)} of node ${name}, or remove it`,
      )
    },
  }),
  prepareScore: ({ tolerations }) => {
    const accepted = tolerations.filter(
      ({ effect }) => effect === '' || effect === 'PreferNoSchedule',
    )
    return {
      score: ({ taints }) =>
        taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(accepted, taint))
          .length,
      normalize: (scores) => normalizeByMax(scores, true),
    }
  },
  hints: [
    { on: 'node-added', helps: isTolerated },
    { on: 'node-taints', helps: isTolerated },
  ],
}

function isTolerated({ tolerations }: PodInfo, change: ClusterChange): boolean {
  return 'node' in change && !findUntolerated(change.node.taints, tolerations)
}

function formatTaint({ key, value, effect }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`
}
