import { listAt, plainText, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { selectionPath, objectPath } from '../../client/resource-path.ts'
import type { PathKind } from '../../client/resource-path.ts'
import type { Session } from './session.ts'
import type { SelectionFlags } from './targets.ts'

interface Flags extends SelectionFlags {
  readonly sortBy?: string
  readonly containers?: boolean
  readonly sum?: boolean
}

export interface TopTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

interface Use {
  /** Cores. */
  readonly cpu: number
  /** Bytes. */
  readonly memory: number
}

interface Row extends Use {
  readonly names: readonly string[]
}

const metrics = { group: 'metrics.k8s.io', version: 'v1beta1' }
const nodeMetrics = { ...metrics, plural: 'nodes', namespaced: false }
const podMetrics = { ...metrics, plural: 'pods', namespaced: true }
const nodes = { group: '', version: 'v1', plural: 'nodes', namespaced: false }
const mebi = 1024 ** 2

export async function nodeTable(
  session: Session,
  name: string | undefined,
  flags: Flags,
): Promise<TopTable> {
  const measured = await read(session, nodeMetrics, name, undefined, flags)
  const known = await read(session, nodes, name, undefined, flags)
  const rows = measured.map((each) => ({ names: [nameOf(each)], ...useOf(each['usage']) }))
  const cells = sorted(rows, flags).map(({ names, cpu, memory }) => {
    const node = known.find((each) => nameOf(each) === names[0])
    const has = useOf(valueAt(node, ['status', 'allocatable']))
    return [
      ...names,
      coresText(cpu),
      share(cpu, has.cpu),
      bytesText(memory),
      share(memory, has.memory),
    ]
  })
  const silent = known.filter((node) => !rows.some(({ names }) => names[0] === nameOf(node)))
  const unknown = silent.map((node) => [nameOf(node), ...Array<string>(4).fill('<unknown>')])
  return {
    head: ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'],
    rows: [...cells, ...unknown],
  }
}

export async function podTable(
  session: Session,
  name: string | undefined,
  flags: Flags,
): Promise<TopTable> {
  const namespace = flags.allNamespaces ? undefined : session.namespace
  const measured = await read(session, podMetrics, name, namespace, flags)
  const before = (pod: JsonObject): string[] =>
    flags.allNamespaces ? [textAt(pod, ['metadata', 'namespace']) ?? ''] : []
  const pods = measured.map((pod) => {
    const containers = listAt(pod, ['containers'])
    const uses = containers.map((each) => ({ each, ...useOf(each['usage']) }))
    return { pod, uses, names: [...before(pod), nameOf(pod)], ...sum(uses) }
  })
  const order = sorted(pods, flags)
  const rows = flags.containers
    ? order.flatMap(({ names, uses }) =>
        sorted(
          uses.map(({ each, cpu, memory }) => ({
            names: [...names, plainText(each['name'])],
            cpu,
            memory,
          })),
          flags,
        ),
      )
    : order
  const cells = rows.map(({ names, cpu, memory }) => [...names, coresText(cpu), bytesText(memory)])
  const titles = flags.containers ? ['POD', 'NAME'] : ['NAME']
  const head = [...(flags.allNamespaces ? ['NAMESPACE'] : []), ...titles]
  const line = '________'
  const empty = head.map(() => '')
  const all = sum(pods)
  const sums = [
    [...empty, line, line],
    [...empty, coresText(all.cpu), bytesText(all.memory)],
  ]
  return {
    head: [...head, 'CPU(cores)', 'MEMORY(bytes)'],
    rows: flags.sum && cells.length > 0 ? [...cells, ...sums] : cells,
  }
}

async function read(
  session: Session,
  kind: PathKind,
  name: string | undefined,
  namespace: string | undefined,
  { selector }: Flags,
): Promise<JsonObject[]> {
  if (name !== undefined) {
    const object = await session.send({ path: objectPath(kind, { name, namespace }) })
    return [object as JsonObject]
  }
  const path = selectionPath(kind, { namespace, labelSelector: selector })
  return listAt(await session.send({ path }), ['items'])
}

/** By name, or the largest first. */
function sorted<Each extends Row>(rows: readonly Each[], { sortBy }: Flags): Each[] {
  const byName = rows.toSorted((a, b) => (a.names.join('\n') < b.names.join('\n') ? -1 : 1))
  if (sortBy === 'cpu') return byName.toSorted((a, b) => b.cpu - a.cpu)
  return sortBy === 'memory' ? byName.toSorted((a, b) => b.memory - a.memory) : byName
}

function useOf(usage: unknown): Use {
  const amount = (name: string): number => parseQuantity(valueAt(usage, [name])) ?? 0
  return { cpu: amount('cpu'), memory: amount('memory') }
}

function sum(uses: readonly Use[]): Use {
  const total = (field: keyof Use): number => uses.reduce((all, use) => all + use[field], 0)
  return { cpu: total('cpu'), memory: total('memory') }
}

/** Thousandths of a core, rounded up as all of its parts are. */
function coresText(cores: number): string {
  return `${Math.ceil(Number((cores * 1000).toFixed(6)))}m`
}

function bytesText(bytes: number): string {
  return `${Math.trunc(bytes / mebi)}Mi`
}

function share(amount: number, whole: number): string {
  return whole === 0 ? '<unknown>' : `${Math.trunc((amount / whole) * 100)}%`
}

function nameOf(object: JsonObject): string {
  return textAt(object, ['metadata', 'name']) ?? ''
}
