import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, plainText, valueAt } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { podError } from './pod-error.ts'
import type { PodFacts } from './pod-sources.ts'

/** `resourceFieldRef` of a variable or a file. */
export interface ResourceReference {
  readonly containerName?: string
  /** `limits.cpu`, `requests.memory`, `limits.ephemeral-storage`, `requests.hugepages-2Mi`. */
  readonly resource: string
  /** Absent or zero: 1. */
  readonly divisor?: string
}

/** The container that is meant: in a variable mostly the one that has it. @throws {OperationError} `NOT_FOUND` */
export function containerNamed(
  pod: KubeObject,
  name: string | undefined,
  own?: JsonObject,
): JsonObject {
  if (own && (name === undefined || name === '' || name === own['name'])) return own
  const all = ['containers', 'initContainers'].flatMap((field) => listAt(pod, ['spec', field]))
  const found = all.find((container) => container['name'] === name)
  if (!found) throw podError('NOT_FOUND', `container ${name ?? ''} not found`)
  return found
}

const nodeWide: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])

/**
 * The amount in units of the divisor, rounded up. A limit that is not set is what the node has to give.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for what is no resource
 */
export function resourceValue(
  container: JsonObject,
  facts: PodFacts,
  { resource, divisor }: ResourceReference,
): string {
  const [, kind, name] = /^(limits|requests)\.([\w.-]+)$/.exec(resource) ?? []
  if (kind === undefined || name === undefined || !isOffered(name))
    throw podError('INVALID_ARGUMENT', `unsupported container resource : ${resource}`)
  const given = parseQuantity(valueAt(container, ['resources', kind, name])) ?? 0
  const absent = kind === 'limits' && given === 0 && nodeWide.has(name)
  const amount = absent ? (parseQuantity(facts.allocatable[name]) ?? 0) : given
  return plainText(roundUp(name, amount, parseQuantity(divisor) || 1))
}

function isOffered(name: string): boolean {
  return nodeWide.has(name) || name.startsWith('hugepages-')
}

function roundUp(name: string, amount: number, divisor: number): number {
  // In thousandths, as upstream counts processors, so that 0.1 / 0.001 is 100 and not 101.
  if (name === 'cpu') return Math.ceil(Math.ceil(amount * 1000 - 1e-6) / Math.ceil(divisor * 1000))
  return Math.ceil(Math.ceil(amount) / Math.ceil(divisor))
}
