import { describeError } from '../../native/error.ts'

/** A line of JSON on standard error: what a node could not do. */
export function logProblem(what: string, error: unknown): void {
  const line = { time: new Date().toISOString(), level: 'error', what, error: describeError(error) }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
