import type { StoreEvent, StoreWatch, WatchHandler } from './store.ts'

// The watch cache: the last events in memory, and who wants to hear of the next ones. Most watches start at a
// revision of a moment ago and never touch the disk.

export interface EventLog {
  /** Tell everybody, and keep for those who come later. Events come in the order of revisions. */
  append(events: readonly StoreEvent[]): void
  /** Events after `revision`, or undefined when they are not all here any more. */
  since(revision: number, prefix: string): readonly StoreEvent[] | undefined
  subscribe(prefix: string, handler: WatchHandler): StoreWatch
}

export interface EventLogLimits {
  /** How many events to keep. */
  readonly events: number
  /** How many characters of values to keep. */
  readonly characters: number
}

const usualLimits: EventLogLimits = { events: 10_000, characters: 16 * 1024 * 1024 }

/** @param startRevision everything up to it happened before this log began */
export function makeEventLog(startRevision: number, limits = usualLimits): EventLog {
  let kept: StoreEvent[] = []
  let characters = 0
  /** Events up to this revision are not in `kept`. */
  let forgotten = startRevision
  const subscribers = new Set<{ prefix: string; handler: WatchHandler }>()

  function forgetOld(): void {
    let drop = 0
    while (
      kept.length - drop > limits.events ||
      (characters > limits.characters && drop < kept.length)
    ) {
      const event = kept[drop++]!
      characters -= sizeOf(event)
      forgotten = event.revision
    }
    if (drop > 0) kept = kept.slice(drop)
  }

  return {
    append: (events) => {
      for (const event of events) {
        kept.push(event)
        characters += sizeOf(event)
      }
      // In steps: to move the whole array for each event would cost more than the event.
      if (kept.length > limits.events * 1.25 || characters > limits.characters * 1.25) forgetOld()
      for (const { prefix, handler } of subscribers) {
        const matching = events.filter(({ key }) => key.startsWith(prefix))
        if (matching.length > 0) handler.onEvents(matching)
      }
    },
    since: (revision, prefix) => {
      if (revision < forgotten) return undefined
      return kept.slice(firstAfter(kept, revision)).filter(({ key }) => key.startsWith(prefix))
    },
    subscribe: (prefix, handler) => {
      const subscriber = { prefix, handler }
      subscribers.add(subscriber)
      return { stop: () => void subscribers.delete(subscriber) }
    },
  }
}

function sizeOf(event: StoreEvent): number {
  return event.value.length + (event.previous?.value.length ?? 0)
}

/** Index of the first event after `revision`: they are sorted. */
function firstAfter(events: readonly StoreEvent[], revision: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.revision <= revision) low = middle + 1
    else high = middle
  }
  return low
}
