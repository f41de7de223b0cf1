/** One line of JSON on standard output, where a container's log is read. */
export function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`)
}

/** What an error says, for a field of a log line. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Several addresses of one name were tried: the message itself is empty.
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map(reason).join('; ')
  return error.message
}
