import { isDigest } from '../reference.ts'
import { refusal } from './registry-error.ts'

// The grammar of names, tags and digests. Nothing becomes part of a path or of a header that did
// not pass here.

const maxNameLength = 255
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const namePattern = new RegExp(`^${component}(?:/${component})*$`)
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

export function isRepositoryName(text: string): boolean {
  return text.length <= maxNameLength && namePattern.test(text)
}

export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

/** @throws {RegistryError} `NAME_INVALID` */
export function requireRepositoryName(name: string): void {
  if (isRepositoryName(name)) return
  throw refusal(
    400,
    'NAME_INVALID',
    'a repository name has lower-case letters and digits, separated by ".", "_", "__", "-" and "/"',
    { detail: { name: name.slice(0, maxNameLength) } },
  )
}

/** @throws {RegistryError} `DIGEST_INVALID` for anything but sha256 and sha512 in full */
export function requireDigest(text: string | null | undefined): string {
  if (typeof text === 'string' && isDigest(text)) return text
  throw refusal(
    400,
    'DIGEST_INVALID',
    'a digest is sha256: or sha512: and all hexadecimal digits in lower case',
    { detail: { digest: String(text).slice(0, 200) } },
  )
}

export type DigestAlgorithm = 'sha256' | 'sha512'

/** Algorithm of a digest that was checked before. */
export function algorithmOf(digest: string): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}
