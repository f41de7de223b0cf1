import { ageOf } from '../../../api/print/column.ts'
import { listAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { formatQuantity, parseQuantity } from '../../../api/quantity.ts'
import { sorted } from './page.ts'
import type { Page } from './page.ts'

type Sums = ReadonlyMap<string, number>
type Use = Readonly<Record<'requests' | 'limits', Sums>>

const withShare = ['cpu', 'memory', 'ephemeral-storage']
const withoutShare = new Set([...withShare, 'pods'])

/** What the pods of a node ask for, and how much of it that is. */
export function writeNodeUse(page: Page, node: KubeObject, pods: readonly KubeObject[]): void {
  const has = Object.fromEntries(sorted(valueAt(node, ['status', 'allocatable'])))
  page.line(0, 'Non-terminated Pods:', `(${pods.length} in total)`)
  writePods(page, pods, has)
  page.line(0, 'Allocated resources:')
  page.line(1, '(Total limits may be over 100 percent, i.e., overcommitted.)')
  page.line(1, 'Resource', 'Requests', 'Limits')
  page.line(1, '--------', '--------', '------')
  const uses = pods.map(useOf)
  const requests = sum(uses.map((use) => use.requests))
  const limits = sum(uses.map((use) => use.limits))
  const huge = Object.keys(has).filter((name) => name.startsWith('hugepages-'))
  for (const name of [...withShare, ...huge.toSorted()])
    page.line(1, name, shared(name, requests, has), shared(name, limits, has))
  for (const name of Object.keys(has).toSorted())
    if (!withoutShare.has(name) && !huge.includes(name))
      page.line(1, name, text(name, requests), text(name, limits))
}

function writePods(page: Page, pods: readonly KubeObject[], has: Record<string, unknown>): void {
  const titles = ['CPU Requests', 'CPU Limits', 'Memory Requests', 'Memory Limits']
  page.line(1, 'Namespace', 'Name', '', ...titles, 'Age')
  page.line(1, '---------', '----', '', ...titles.map((each) => '-'.repeat(each.length)), '---')
  const now = new Date()
  for (const pod of pods) {
    const { requests, limits } = useOf(pod)
    const cells = [
      shared('cpu', requests, has),
      shared('cpu', limits, has),
      shared('memory', requests, has),
      shared('memory', limits, has),
    ]
    const { namespace, name, creationTimestamp } = pod.metadata
    page.line(1, namespace, name, '', ...cells, ageOf(creationTimestamp, now))
  }
}

function text(name: string, sums: Sums): string {
  return formatQuantity(sums.get(name) ?? 0, name === 'cpu' ? 'decimal' : 'bytes')
}

/** `10m (0%)`. */
function shared(name: string, sums: Sums, has: Record<string, unknown>): string {
  const whole = parseQuantity(has[name]) ?? 0
  const share = whole === 0 ? 0 : Math.trunc(((sums.get(name) ?? 0) / whole) * 100)
  return `${text(name, sums)} (${share}%)`
}

function useOf({ spec }: KubeObject): Use {
  return { requests: sumOf(spec, 'requests'), limits: sumOf(spec, 'limits') }
}

/** Containers run together with sidecars; init containers one after the other. */
function sumOf(spec: JsonObject | undefined, field: keyof Use): Sums {
  const own = (container: JsonObject): Sums => amounts(valueAt(container, ['resources', field]))
  let sidecars: Sums = new Map()
  let starting: Sums = new Map()
  for (const container of listAt(spec, ['initContainers'])) {
    const together = sum([sidecars, own(container)])
    if (container['restartPolicy'] === 'Always') sidecars = together
    starting = most(starting, together)
  }
  const running = sum([sidecars, ...listAt(spec, ['containers']).map(own)])
  const whole = most(running, starting)
  const podLevel = amounts(valueAt(spec, ['resources', field]))
  const overhead = amounts(spec?.['overhead'])
  // An overhead is no limit of what has none.
  const counted = new Map(
    [...overhead].filter(([name]) => field === 'requests' || (whole.get(name) ?? 0) > 0),
  )
  return sum([new Map([...whole, ...podLevel]), counted])
}

function amounts(list: unknown): Sums {
  return new Map(sorted(list).map(([name, amount]) => [name, parseQuantity(amount) ?? 0]))
}

function sum(all: readonly Sums[]): Sums {
  const total = new Map<string, number>()
  for (const [name, amount] of all.flatMap((each) => [...each]))
    total.set(name, (total.get(name) ?? 0) + amount)
  return total
}

function most(a: Sums, b: Sums): Sums {
  const names = new Set([...a.keys(), ...b.keys()])
  return new Map([...names].map((name) => [name, Math.max(a.get(name) ?? 0, b.get(name) ?? 0)]))
}
