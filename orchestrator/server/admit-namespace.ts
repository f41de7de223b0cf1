import type { KubeObject } from '../api/object.ts'
import { forbidden, StatusError } from '../api/status-error.ts'
import type { Admission } from './admission.ts'

/** Namespaces that the cluster cannot be without. */
const permanent = new Set(['default', 'kube-system', 'kube-public'])

/**
 * Nothing is made in a namespace that is not there or is going, and some namespaces never go.
 * @param readNamespace throws a StatusError 404 when there is none
 */
export function makeNamespaceAdmission(
  readNamespace: (name: string) => Promise<KubeObject>,
): Admission {
  return async ({ operation, kind, object }) => {
    const { namespace, name = '' } = object.metadata
    if (operation === 'DELETE' && kind.plural === 'namespaces' && permanent.has(name))
      throw forbidden(kind, name, 'this namespace may not be deleted')
    if (operation !== 'CREATE' || namespace === undefined || !kind.namespaced) return
    const { metadata } = await readNamespace(namespace)
    if (metadata.deletionTimestamp === undefined) return
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`
    const { status } = forbidden(kind, name, why)
    const causes = [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]
    throw new StatusError(403, 'Forbidden', status.message!, { ...status.details, causes })
  }
}
