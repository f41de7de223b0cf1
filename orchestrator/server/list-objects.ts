import { hasCode } from '../../native/error.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { Selector } from '../api/selectors.ts'
import { badRequest, expired, StatusError } from '../api/status-error.ts'
import type { ListResult, Store } from '../store/store.ts'
import { keyPrefix, readObject } from './object-storage.ts'

export interface ListRequest {
  readonly namespace: string | undefined
  readonly select: Selector | undefined
  /** Zero: no limit. */
  readonly limit: number
  readonly continueToken: string | undefined
  readonly resourceVersion: string | undefined
  readonly match: string | undefined
}

/** All there is of a kind, as it is now. */
export const everything: ListRequest = {
  namespace: undefined,
  select: undefined,
  limit: 0,
  continueToken: undefined,
  resourceVersion: undefined,
  match: undefined,
}

export interface ObjectList {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  readonly continueToken: string | undefined
  readonly remaining: number | undefined
}

interface Position {
  readonly revision: number
  readonly after: string
}

// Reading on where a selector throws most away; more would keep a whole large list in memory at once.
const chunk = 500

/** @throws StatusError 400 for a token we did not make */
function readToken(token: string): Position {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>
    const { v, rv, start } = value
    if (v === 1 && Number.isSafeInteger(rv) && typeof start === 'string')
      return { revision: Number(rv), after: start }
  } catch {
    // Said below.
  }
  throw badRequest('continue key is not valid: it is not a token of this server')
}

function makeToken({ revision, after }: Position): string {
  return Buffer.from(JSON.stringify({ v: 1, rv: revision, start: after })).toString('base64url')
}

/** @throws StatusError 400 */
export function parseRevision(text: string | null | undefined): number | undefined {
  if (!text) return undefined
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: must be a number`)
  return Number(text)
}

/** @throws StatusError 400, 410 when what is asked for is compacted, 504 when it is not written yet */
export async function listObjects(
  store: Store,
  kind: Kind,
  request: ListRequest,
): Promise<ObjectList> {
  const prefix = keyPrefix(kind, request.namespace)
  const token = request.continueToken ? readToken(request.continueToken) : undefined
  let position = { after: token ? prefix + token.after : undefined, revision: token?.revision }
  // A token without a revision goes on in the present: after 410 a client may ask for that.
  if (token?.revision === -1) position = { ...position, revision: undefined }
  if (!token) position = { ...position, revision: await wantedRevision(store, request) }
  const items: KubeObject[] = []
  for (;;) {
    const wanted = request.limit > 0 ? request.limit - items.length : undefined
    const limit = request.select && wanted !== undefined ? Math.max(wanted, chunk) : wanted
    const page = await readPage(store, prefix, position.revision, position.after, limit)
    position = { ...position, revision: page.revision }
    for (const [index, entry] of page.entries.entries()) {
      const object = readObject(kind, entry.value, entry.revision)
      position = { ...position, after: entry.key }
      if (request.select && !request.select(object)) continue
      items.push(object)
      const left = page.entries.length - index - 1 + page.remaining
      if (request.limit > 0 && items.length === request.limit && left > 0)
        return makeList(
          items,
          page.revision,
          entry.key.slice(prefix.length),
          request.select ? undefined : left,
        )
    }
    if (page.remaining === 0) return makeList(items, page.revision)
  }
}

function makeList(
  items: readonly KubeObject[],
  revision: number,
  after?: string,
  remaining?: number,
): ObjectList {
  const continueToken = after === undefined ? undefined : makeToken({ revision, after })
  return { items, resourceVersion: String(revision), continueToken, remaining }
}

/** @returns the revision to list at; undefined for now */
async function wantedRevision(
  store: Store,
  { resourceVersion, match, limit }: ListRequest,
): Promise<number | undefined> {
  const revision = parseRevision(resourceVersion)
  if (match && revision === undefined)
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided')
  if (match === 'Exact' && revision === 0)
    throw badRequest('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  if (match && match !== 'Exact' && match !== 'NotOlderThan')
    throw badRequest(`resourceVersionMatch: Unsupported value: ${JSON.stringify(match)}`)
  if (revision === undefined || revision === 0) return undefined
  await requireReached(store, revision)
  const exact = match === 'Exact' || (match === undefined && limit > 0)
  return exact ? revision : undefined
}

/** @throws StatusError 504 for a revision of the future */
export async function requireReached(store: Store, revision: number): Promise<void> {
  const current = await store.currentRevision()
  if (revision <= current) return
  const message = `Too large resource version: ${revision}, current: ${current}`
  throw new StatusError(504, 'Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

async function readPage(
  store: Store,
  prefix: string,
  revision: number | undefined,
  after: string | undefined,
  limit: number | undefined,
): Promise<ListResult> {
  try {
    return await store.list(prefix, { revision, after, limit })
  } catch (error) {
    if (!hasCode(error, 'EXPIRED')) {
      if (hasCode(error, 'INVALID_ARGUMENT')) throw badRequest('continue key is not valid')
      throw error
    }
    const message =
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
    const again =
      after === undefined
        ? undefined
        : makeToken({ revision: -1, after: after.slice(prefix.length) })
    throw again === undefined
      ? expired(`The resourceVersion for the provided list is too old.`)
      : expired(message, again)
  }
}
