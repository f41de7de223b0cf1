import type { Plugin } from '../framework.ts'

/** Higher priority first, then who waits longest. */
export const prioritySort: Plugin = {
  name: 'PrioritySort',
  queueSort: (a, b) => b.pod.priority - a.pod.priority || a.since - b.since,
}
