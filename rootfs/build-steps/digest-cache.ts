/**
 * Remembers digests of files by what stat(2) says about them, so that an unchanged context is not
 * read again. Keys hold device, inode, size and both times; values are "sha256:…".
 */
export interface DigestCache {
  get(key: string): string | undefined
  set(key: string, digest: string): void
}
