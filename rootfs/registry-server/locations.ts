// Paths of this registry as its answers name them. They are relative: what a client calls the server,
// and by which protocol, is none of its business.

/** Headers of an answer about an upload. @param size bytes that it has */
export function uploadHeaders(name: string, id: string, size: number): Record<string, string> {
  return {
    Location: `/v2/${name}/blobs/uploads/${id}`,
    // There is no way to write an empty range.
    Range: `0-${Math.max(0, size - 1)}`,
    'Docker-Upload-UUID': id,
  }
}

export function blobHeaders(name: string, digest: string): Record<string, string> {
  return { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest }
}

export function manifestHeaders(name: string, digest: string): Record<string, string> {
  return { Location: `/v2/${name}/manifests/${digest}`, 'Docker-Content-Digest': digest }
}

/** A `Link` header to the next page. @see RFC 5988 */
export function nextPage(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`
}
