import type { JsonObject } from '../../api/object.ts'
import type { MetThreshold, Signal } from './thresholds.ts'

/** What a node's conditions say of what it runs short of. */
export type PressureType = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

const typeOf: Readonly<Record<Signal, PressureType>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
  'imagefs.available': 'DiskPressure',
  'imagefs.inodesFree': 'DiskPressure',
  'pid.available': 'PIDPressure',
}

/** Reason and message where it is so, and where it is not. */
const words: Readonly<Record<PressureType, readonly [string, string, string, string]>> = {
  MemoryPressure: [
    'KubeletHasInsufficientMemory',
    'kubelet has insufficient memory available',
    'KubeletHasSufficientMemory',
    'kubelet has sufficient memory available',
  ],
  DiskPressure: [
    'KubeletHasDiskPressure',
    'kubelet has disk pressure',
    'KubeletHasNoDiskPressure',
    'kubelet has no disk pressure',
  ],
  PIDPressure: [
    'KubeletHasInsufficientPID',
    'kubelet has insufficient PID available',
    'KubeletHasSufficientPID',
    'kubelet has sufficient PID available',
  ],
}

export const pressureTypes = Object.keys(words) as PressureType[]

export function pressureCondition(
  type: PressureType,
  isSo: boolean,
): { readonly status: string; readonly reason: string; readonly message: string } {
  const [reason, message, noReason, noMessage] = words[type]
  return isSo
    ? { status: 'True', reason, message }
    : { status: 'False', reason: noReason, message: noMessage }
}

/** Remembers which pressures there are: each for a while after its threshold was met last, so that it does not flicker. */
export interface PressureMemory {
  /** @param now milliseconds of any clock that is not set. @returns whether another pressure is there, or one is gone */
  observe(met: readonly MetThreshold[], now: number): boolean
  has(type: PressureType): boolean
}

/** @param transition milliseconds that a pressure stays when its threshold is not met any more */
export function makePressureMemory(transition: number): PressureMemory {
  const lastMet = new Map<PressureType, number>()
  return {
    observe: (met, now) => {
      const before = [...lastMet.keys()].join()
      for (const [type, at] of lastMet) if (now - at >= transition) lastMet.delete(type)
      for (const { threshold } of met) lastMet.set(typeOf[threshold.signal], now)
      return [...lastMet.keys()].join() !== before
    },
    has: (type) => lastMet.has(type),
  }
}

/** Why a node under pressure does not take a pod that is new, in the kubelet's words; undefined where it does. */
export function pressureRefusal(
  qosClass: string,
  spec: JsonObject,
  has: PressureMemory['has'],
): string | undefined {
  if (isCritical(spec)) return undefined
  const isMemoryAlone = has('MemoryPressure') && !has('DiskPressure') && !has('PIDPressure')
  // Who asked for memory has a right to it.
  if (isMemoryAlone && qosClass !== 'BestEffort') return undefined
  const types = pressureTypes.filter(has)
  return types.length === 0 ? undefined : `The node had condition: [${types.join(' ')}]. `
}

const criticalPriority = 2_000_000_000

/** What the node itself needs. */
export function isCritical({ priority }: JsonObject): boolean {
  return typeof priority === 'number' && priority >= criticalPriority
}
