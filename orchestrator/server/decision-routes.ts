import { badRequest, methodNotAllowed, StatusError } from '../api/status-error.ts'
import type { DecisionLog } from '../scheduler/decision.ts'
import type { PathHandler } from './path-routes.ts'
import { respond } from './render.ts'

/** `GET /myorch/v1/decisions/NAMESPACE/POD`: how the pod's node was chosen, or why it has none. */
export function makeDecisionRoute(decisions: DecisionLog): PathHandler {
  return async ({ method }, [namespace, name, ...more]) => {
    if (method !== 'GET') throw methodNotAllowed()
    if (namespace === undefined || name === undefined || more.length > 0)
      throw badRequest('the path is /myorch/v1/decisions/NAMESPACE/POD')
    const decision = decisions.find(namespace, name)
    if (!decision) {
      const message = `no decision about pod "${namespace}/${name}" is remembered`
      throw new StatusError(404, 'NotFound', message, { name, kind: 'pods' })
    }
    return respond(200, decision)
  }
}
