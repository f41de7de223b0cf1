import type { JsonObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'

export type ImagePullPolicy = 'Always' | 'IfNotPresent' | 'Never'

/** @see https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
export function pullPolicy(spec: JsonObject): ImagePullPolicy {
  const policy = textAt(spec, ['imagePullPolicy'])
  if (policy === 'Always' || policy === 'IfNotPresent' || policy === 'Never') return policy
  const image = textAt(spec, ['image']) ?? ''
  const name = image.slice(image.lastIndexOf('/') + 1)
  const isLatest = !image.includes('@') && (!name.includes(':') || name.endsWith(':latest'))
  return isLatest ? 'Always' : 'IfNotPresent'
}
