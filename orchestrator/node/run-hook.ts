import { setTimeout as wait } from 'node:timers/promises'
import type { JsonObject } from '../api/object.ts'
import { numberAt } from '../api/object.ts'
import { runProbe } from './probes/run-probe.ts'
import type { ProbeTarget } from './probes/run-probe.ts'

/**
 * A life cycle handler: a program in the container, a request, or a sleep.
 *
 * @returns why it failed, undefined where it did not
 * @see https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
 */
export async function runHook(
  target: ProbeTarget,
  hook: object,
  timeoutMs: number,
): Promise<string | undefined> {
  const seconds = numberAt(hook, ['sleep', 'seconds'])
  if (seconds !== undefined) {
    await wait(Math.min(seconds * 1000, timeoutMs))
    return undefined
  }
  const { result, message } = await runProbe(target, hook as JsonObject, timeoutMs)
  return result === 'success' ? undefined : message
}
