import { OperationError } from '../../native/error.ts'
import { builtInKinds } from '../api/kinds/groups.ts'
import type { KindName } from './client.ts'

/** A kind as people write it: `deployment`, `deployments`, `deploy`, `deployments.apps`. @throws {OperationError} `NOT_FOUND` */
export function kindByName(text: string): KindName & { readonly namespaced: boolean } {
  const [wanted = '', ...group] = text.toLowerCase().split('.')
  const found = builtInKinds.find(
    (kind) =>
      [kind.singular, kind.plural, ...kind.shortNames].includes(wanted) &&
      (group.length === 0 || kind.group === group.join('.')),
  )
  if (!found)
    throw new OperationError(
      'NOT_FOUND',
      'find the kind',
      { kind: text },
      {
        exitCode: 1,
        hint: 'Write it as kubectl does, like deployment, deploy or deployments.apps',
      },
    )
  const apiVersion = found.group === '' ? found.version : `${found.group}/${found.version}`
  return { apiVersion, kind: found.kind, namespaced: found.namespaced }
}
