import { isObject } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import type { Plan } from '../writes/write.ts'

const tokenType = 'bootstrap.kubernetes.io/token'
const tokenNamespace = 'kube-system'

/** A join token that has ended is deleted: what lets nobody in is no secret to keep. */
export function planTokenEnd(secret: KubeObject, now: Date): Plan {
  const data = secret['data']
  const encoded = isObject(data) ? data['expiration'] : undefined
  if (typeof encoded !== 'string' || isTerminating(secret)) return { writes: [] }
  const left = Date.parse(Buffer.from(encoded, 'base64').toString()) - now.getTime()
  // A time that nobody can read ends it too: the token lets nobody in.
  if (left > 0) return { writes: [], againInMs: left }
  return { writes: [{ verb: 'delete', object: secret }] }
}

export const startTokenCleanerController: StartController = (context) => {
  const secrets = context.informers.of(kinds.secret)
  const controller = startKeyController(context, {
    name: 'token-cleaner',
    kind: kinds.secret,
    reads: [kinds.secret],
    plan: (key, now) => {
      const secret = secrets.get(splitKey(key))
      return secret ? planTokenEnd(secret, now) : { writes: [] }
    },
  })
  secrets.onChange((secret, isThere) => {
    const isToken = secret['type'] === tokenType && secret.metadata.namespace === tokenNamespace
    if (isThere && isToken) controller.add(keyOf(secret))
  })
  return controller
}
