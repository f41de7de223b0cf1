import { badRequest } from '../api/status-error.ts'

const deepest = 500

/**
 * What is nested without end exhausts the stack of whoever walks it: it does not come in.
 * @throws StatusError 400
 */
export function requireShallow(value: unknown): void {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw badRequest('the body is nested too deep')
    const below: unknown[] = []
    for (const one of level)
      if (typeof one === 'object' && one !== null)
        for (const inner of Object.values(one))
          if (typeof inner === 'object' && inner !== null) below.push(inner)
    level = below
  }
}
