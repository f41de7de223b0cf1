import { OperationError } from '../../native/error.ts'
import { type ImageReference, parseReference, withDefaultTag } from '../reference.ts'

// Where an image is or goes, as skopeo writes it. Pure.

export type ImagePlace =
  | { readonly kind: 'registry'; readonly reference: ImageReference }
  | {
      readonly kind: 'oci' | 'oci-archive'
      readonly path: string
      readonly name: string | undefined
    }
  | { readonly kind: 'docker-archive'; readonly path: string; readonly name: string | undefined }
  | { readonly kind: 'dir'; readonly path: string }
  /** Our own store. */
  | { readonly kind: 'store'; readonly name: string }

/**
 * "docker://REFERENCE", "oci:FOLDER[:NAME]", "oci-archive:FILE[:NAME]", "docker-archive:FILE[:NAME]",
 * "dir:FOLDER", or the name of an image in the store.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseImagePlace(text: string): ImagePlace {
  const [, transport = '', rest = ''] = /^([a-z-]+):(.*)$/s.exec(text) ?? []
  switch (transport) {
    case 'docker':
      if (!rest.startsWith('//')) throw malformed(text, 'write it as docker://name')
      return { kind: 'registry', reference: withDefaultTag(parseReference(rest.slice(2))) }
    case 'oci':
    case 'oci-archive':
    case 'docker-archive':
      return { kind: transport, ...splitName(text, rest) }
    case 'dir':
      return { kind: 'dir', path: requirePath(text, rest) }
    case 'containers-storage':
    case 'docker-daemon':
    case 'ostree':
    case 'atomic':
      throw malformed(text, `${transport} is the storage of another engine: go by an archive`)
    default:
      parseReference(text)
      return { kind: 'store', name: text }
  }
}

function splitName(text: string, rest: string): { path: string; name: string | undefined } {
  const colon = rest.indexOf(':')
  if (colon === -1) return { path: requirePath(text, rest), name: undefined }
  const name = rest.slice(colon + 1)
  return {
    path: requirePath(text, rest.slice(0, colon)),
    name: name === '' ? undefined : name,
  }
}

function requirePath(text: string, path: string): string {
  if (path !== '' && !path.includes('\0')) return path
  throw malformed(text, 'the path is missing')
}

function malformed(text: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the place of an image',
    { place: text.slice(0, 300), reason },
    {
      hint: 'Places are docker://, oci:, oci-archive:, docker-archive:, dir:, or a name in the store',
    },
  )
}
