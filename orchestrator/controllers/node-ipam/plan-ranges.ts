import { textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Write } from '../writes/write.ts'
import type { AddressRanges } from './address-ranges.ts'

/** Give each node without a range of pod addresses the lowest free one. */
export function planRanges(nodes: readonly KubeObject[], ranges: AddressRanges): Write[] {
  const used = new Set<number>()
  for (const node of nodes)
    for (const range of rangesOf(node)) {
      const taken = ranges.numbersOf(range)
      if (!taken) continue
      const { first, last } = taken
      for (let number = first; number <= last; number++) used.add(number)
    }
  let next = 0
  return nodes
    .filter((node) => rangesOf(node).length === 0 && !node.metadata.deletionTimestamp)
    .map((node): Write => {
      while (used.has(next)) next++
      if (next >= ranges.count) return { verb: 'remark', remark: exhausted(node) }
      return assign(node, ranges.block(next++))
    })
}

function rangesOf(node: KubeObject): string[] {
  const list = valueAt(node, ['spec', 'podCIDRs'])
  if (Array.isArray(list) && list.length > 0) return list.map(String)
  const single = textAt(node, ['spec', 'podCIDR'])
  return single ? [single] : []
}

function assign(node: KubeObject, range: string): Write {
  return {
    verb: 'update',
    object: { ...node, spec: { ...node.spec, podCIDR: range, podCIDRs: [range] } },
  }
}

function exhausted(about: KubeObject): NonNullable<Extract<Write, { verb: 'remark' }>['remark']> {
  const message = `Node ${about.metadata.name} status is now: CIDRNotAvailable`
  return { about, type: 'Normal', reason: 'CIDRNotAvailable', message }
}
