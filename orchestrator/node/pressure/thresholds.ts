import { OperationError } from '../../../native/error.ts'
import { parseQuantity } from '../../api/quantity.ts'

export const signals = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const

/** What of a node may run out. */
export type Signal = (typeof signals)[number]

export interface Threshold {
  readonly signal: Signal
  /** As written: `100Mi`, `10%`. */
  readonly text: string
  /** Milliseconds for which it may be met before a pod is ended for it; absent: it is a hard one. */
  readonly graceMs?: number
}

/** How much there is of something, in bytes or pieces. */
export interface Observation {
  readonly available: number
  readonly capacity: number
}

export type Observations = ReadonlyMap<Signal, Observation>

/** The kubelet's own. @see https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds */
export const usualThresholds =
  'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%'

/** Read `SIGNAL<QUANTITY,…`. @throws {OperationError} `INVALID_ARGUMENT` */
export function readThresholds(text: string): Threshold[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [name = '', quantity = ''] = part.split('<').map((word) => word.trim())
      const signal = signals.find((one) => one === name)
      if (!signal || amountOf(quantity, 100) === undefined)
        throw new OperationError(
          'INVALID_ARGUMENT',
          'read an eviction threshold',
          { threshold: part },
          { hint: `Write SIGNAL<QUANTITY or SIGNAL<PERCENT%; signals are ${signals.join(', ')}` },
        )
      return { signal, text: quantity }
    })
}

function amountOf(text: string, capacity: number): number | undefined {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? []
  if (percent !== undefined) return (capacity * Number(percent)) / 100
  return parseQuantity(text)
}

/** Below how much a threshold is met. */
export function limitOf({ text }: Threshold, { capacity }: Observation): number {
  return amountOf(text, capacity) ?? 0
}

/** A threshold with less left than it allows. */
export interface MetThreshold {
  readonly threshold: Threshold
  readonly observation: Observation
}

/** Those that are met, memory first, as the kubelet looks at them. */
export function metThresholds(
  thresholds: readonly Threshold[],
  observations: Observations,
): MetThreshold[] {
  return thresholds
    .flatMap((threshold) => {
      const observation = observations.get(threshold.signal)
      if (!observation || observation.available >= limitOf(threshold, observation)) return []
      return [{ threshold, observation }]
    })
    .toSorted((a, b) => signals.indexOf(a.threshold.signal) - signals.indexOf(b.threshold.signal))
}
