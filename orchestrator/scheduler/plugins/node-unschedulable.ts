import { rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import { tolerates } from '../tolerations.ts'

const cordoned = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' }

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  prepareFilter: ({ tolerations }) =>
    tolerates(tolerations, cordoned)
      ? undefined
      : {
          filter: ({ isUnschedulable, name }) =>
            isUnschedulable
              ? rejectFinally('node(s) were unschedulable', () => `uncordon node ${name}`)
              : undefined,
        },
  hints: [
    { on: 'node-added', helps: (_pod, change) => 'node' in change && !change.node.isUnschedulable },
    {
      on: 'node-taints',
      helps: (_pod, change) => 'node' in change && !change.node.isUnschedulable,
    },
  ],
}
