import type { KubeObject } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import type { Write } from '../writes/write.ts'

const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'

/** Secrets that carry tokens of a service account go with it; one made for an account learns its uid. */
export const startServiceAccountTokenController: StartController = (context) => {
  const accounts = context.informers.of(kinds.serviceAccount)
  const secrets = context.informers.of(kinds.secret)
  secrets.addIndex('account', (secret) =>
    isToken(secret) ? [`${secret.metadata.namespace}/${accountOf(secret)}`] : [],
  )
  const controller = startKeyController(context, {
    name: 'serviceaccount-token-controller',
    kind: kinds.serviceAccount,
    reads: [kinds.serviceAccount, kinds.secret],
    plan: (key) => {
      const account = accounts.get(splitKey(key))
      return { writes: secrets.byIndex('account', key).flatMap((one) => planSecret(one, account)) }
    },
  })
  accounts.onChange((account) => controller.add(keyOf(account)))
  secrets.onChange((secret, isThere) => {
    if (isThere && isToken(secret))
      controller.add(`${secret.metadata.namespace}/${accountOf(secret)}`)
  })
  return controller
}

function isToken(secret: KubeObject): boolean {
  return secret['type'] === 'kubernetes.io/service-account-token' && accountOf(secret) !== undefined
}

function accountOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[nameAnnotation]
}

function planSecret(secret: KubeObject, account: KubeObject | undefined): Write[] {
  const { annotations } = secret.metadata
  const uid = annotations?.[uidAnnotation]
  if (!account || (uid && uid !== account.metadata.uid)) return [{ verb: 'delete', object: secret }]
  if (uid || !account.metadata.uid) return []
  const named = { ...annotations, [uidAnnotation]: account.metadata.uid }
  const object = { ...secret, metadata: { ...secret.metadata, annotations: named } }
  return [{ verb: 'update', object }]
}
