import type { IncomingMessage } from 'node:http'

// Conditional requests. The entity tag of content is its digest. @see RFC 9110, section 13

export function entityTag(digest: string): string {
  return `"${digest}"`
}

/** Whether the client has this content already (`If-None-Match`). */
export function isUnchanged({ headers }: IncomingMessage, digest: string): boolean {
  const header = headers['if-none-match']
  return header !== undefined && lists(header, digest)
}

/**
 * Whether a change may be made (`If-Match`, `If-None-Match`).
 *
 * @param current digest of what is there now; undefined where there is nothing
 */
export function mayReplace({ headers }: IncomingMessage, current: string | undefined): boolean {
  const match = headers['if-match']
  if (match !== undefined && (current === undefined || !lists(match, current))) return false
  const noneMatch = headers['if-none-match']
  return noneMatch === undefined || current === undefined || !lists(noneMatch, current)
}

function lists(header: string, digest: string): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  // Some clients leave out the quotation marks.
  return tags.some((tag) => tag === '*' || tag === entityTag(digest) || tag === digest)
}
