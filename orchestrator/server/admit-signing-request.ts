import type { JsonObject } from '../api/object.ts'
import type { Admission } from './admission.ts'

/** Who asks for a certificate is what the server knows, not what the request says; and it never changes. */
export const admitSigningRequest: Admission = async ({
  operation,
  kind,
  object,
  current,
  user,
}) => {
  if (kind.kind !== 'CertificateSigningRequest' || kind.group !== 'certificates.k8s.io') return
  if (operation === 'UPDATE' && current?.spec) object.spec = structuredClone(current.spec)
  if (operation !== 'CREATE') return
  const spec = (object.spec ??= {})
  for (const field of ['username', 'uid', 'groups', 'extra']) delete spec[field]
  spec['username'] = user.name
  spec['groups'] = [...user.groups]
  if (user.uid !== undefined) spec['uid'] = user.uid
  if (user.extra) spec['extra'] = structuredClone(user.extra) as unknown as JsonObject
}
