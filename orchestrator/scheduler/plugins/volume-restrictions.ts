import { valueAt } from '../../api/object.ts'
import { rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'

const conflict =
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'

/** A claim for one pod alone has one. */
export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  prepareFilter: (pod, { nodes, volumes }) => {
    const exclusive = pod.claims.filter((key) => {
      const modes = valueAt(volumes.claim(key), ['spec', 'accessModes'])
      return Array.isArray(modes) && modes.includes('ReadWriteOncePod')
    })
    if (exclusive.length === 0) return undefined
    const isUsed = nodes.some((node) =>
      node.pods.some((other) => other.claims.some((key) => exclusive.includes(key))),
    )
    return { filter: () => (isUsed ? { ...rejectFinally(conflict), isFinal: false } : undefined) }
  },
  hints: [{ on: 'pod-gone', helps: (pod) => pod.claims.length > 0 }],
}
