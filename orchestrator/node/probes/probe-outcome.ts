/** What one look at a container showed. */
export interface ProbeOutcome {
  /** `warning` counts as success, `error` as no look at all. */
  readonly result: 'success' | 'warning' | 'failure' | 'error'
  /** As it stands in the event after `Readiness probe failed:`. */
  readonly message: string
}

export const success: ProbeOutcome = { result: 'success', message: '' }

export function failure(message: string): ProbeOutcome {
  return { result: 'failure', message }
}

/** Bytes of a response or of output that are kept for the message. */
export const mostKept = 10 * 1024
