import { badRequest } from '../api/status-error.ts'

/** What is nested deeper than this does not come in. */
export const deepest = 500

/**
 * What is nested without end exhausts the stack of whoever walks it.
 * @throws StatusError 400
 */
export function requireShallow(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > deepest) throw badRequest('the body is nested too deep')
  for (const inner of Object.values(value)) requireShallow(inner, depth + 1)
}
