import { rejectFinally } from '../framework.ts'
import type { Plugin } from '../framework.ts'

/** A pod with gates waits until whoever set them has removed them; an update of the pod itself brings it back. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue: ({ gates }) =>
    gates.length === 0
      ? undefined
      : rejectFinally(
          `waiting for scheduling gates: [${gates.join(' ')}]`,
          () => `remove the scheduling gates ${gates.join(', ')}`,
        ),
}
