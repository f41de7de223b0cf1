/** What one controller has done since it was started. */
export interface ControllerCount {
  /** Keys worked on, whether anything was written or not. */
  reconciles: number
  /** Of those, how many failed and were tried again. */
  failures: number
  /** All the time that they took together. */
  milliseconds: number
  /** Keys that wait or are worked on now. */
  readonly depth: () => number
}

/** The counts of all controllers, for who shows numbers. */
export interface ControllerCounts {
  /** @param name as events and traces call the controller */
  add(name: string, depth: () => number): ControllerCount
  all(): ReadonlyMap<string, ControllerCount>
}

export function makeControllerCounts(): ControllerCounts {
  const counts = new Map<string, ControllerCount>()
  return {
    add: (name, depth) => {
      const count = { reconciles: 0, failures: 0, milliseconds: 0, depth }
      counts.set(name, count)
      return count
    },
    all: () => counts,
  }
}
