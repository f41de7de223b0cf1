import { type Exchange, sendJson } from './exchange.ts'
import { localRepositories, localTags } from './local-images.ts'
import { nextPage } from './locations.ts'
import { ociIndex } from './media-types.ts'
import { requireDigest } from './names.ts'
import { refusal } from './registry-error.ts'
import { type ManifestRow, listReferrers } from './repository-table.ts'
import { listRepositories, listTags, repositoryExists } from './tag-table.ts'

/** More than this is never sent at once; the answer says where to go on. */
const maxPage = 10_000
/** Clients may refuse an index that is larger than a manifest may be. */
const maxReferrersSize = 3 * 1024 * 1024

/** `GET /v2/<name>/tags/list`. */
export function sendTags(exchange: Exchange, name: string): void {
  const { registry } = exchange
  const { count, last } = readPage(exchange)
  const local = localTags(registry, name)
  if (local.length === 0 && !repositoryExists(registry.database, name))
    throw refusal(404, 'NAME_UNKNOWN', 'there is no such repository', { detail: { name } })
  const pushed = listTags(registry.database, name, last, count + 1)
  const found = merge(pushed, local, last).slice(0, count + 1)
  const tags = found.slice(0, count)
  sendJson(exchange, { name, tags }, linkHeader(`/v2/${name}/tags/list`, found, count))
}

/** `GET /v2/_catalog`: the repositories that the client may see. */
export function sendCatalog(exchange: Exchange): void {
  const { registry, client } = exchange
  const { count, last } = readPage(exchange)
  const found = merge(listRepositories(registry.database, last), localRepositories(registry), last)
    .filter((repository) => client.sees?.(repository))
    .slice(0, count + 1)
  const repositories = found.slice(0, count)
  sendJson(exchange, { repositories }, linkHeader('/v2/_catalog', found, count))
}

/** `GET /v2/<name>/referrers/<digest>`: an index, also where nothing refers to it. */
export function sendReferrers(exchange: Exchange, name: string, subject: string): void {
  const { registry, query } = exchange
  requireDigest(subject)
  const filter = query.get('artifactType')
  const rows = listReferrers(registry.database, name, subject, query.get('last') ?? '').filter(
    ({ artifactType }) => filter === null || artifactType === filter,
  )
  const { manifests, next } = firstPage(rows)
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests }
  const parameters = { ...(filter === null ? {} : { artifactType: filter }), last: next ?? '' }
  sendJson(exchange, index, {
    'Content-Type': ociIndex,
    ...(filter === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...(next === undefined
      ? {}
      : { Link: nextPage(`/v2/${name}/referrers/${subject}`, parameters) }),
  })
}

function firstPage(rows: readonly ManifestRow[]): { manifests: object[]; next?: string } {
  const manifests: object[] = []
  let size = 0
  for (const [at, row] of rows.entries()) {
    const descriptor = toDescriptor(row)
    size += JSON.stringify(descriptor).length
    const before = rows[at - 1]
    if (before && size > maxReferrersSize) return { manifests, next: before.digest }
    manifests.push(descriptor)
  }
  return { manifests }
}

function toDescriptor({ mediaType, digest, size, artifactType, annotations }: ManifestRow): object {
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations: JSON.parse(annotations) as unknown }),
  }
}

function readPage({ query }: Exchange): { count: number; last: string } {
  const text = query.get('n')
  const last = query.get('last') ?? ''
  if (text === null) return { count: maxPage, last }
  if (!/^\d{1,9}$/.test(text))
    throw refusal(400, 'UNSUPPORTED', 'n must be a number of entries', {
      detail: { n: text.slice(0, 50) },
    })
  return { count: Math.min(Number(text), maxPage), last }
}

/** Both lists in the order of their bytes, each entry once; `local` has none before `last`. */
function merge(pushed: readonly string[], local: readonly string[], last: string): string[] {
  if (local.length === 0) return [...pushed]
  return [...new Set([...pushed, ...local.filter((entry) => entry > last)])].toSorted(
    (one, other) => (one < other ? -1 : 1),
  )
}

/** @param found one more than fits where there is a next page */
function linkHeader(path: string, found: readonly string[], count: number): Record<string, string> {
  const last = found[count - 1]
  if (last === undefined || found.length <= count) return {}
  return { Link: nextPage(path, { n: String(count), last }) }
}
