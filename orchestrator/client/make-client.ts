import { isObject } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { StatusDetails } from '../api/status-error.ts'
import type { Client, KindName, PatchType, WatchEvent, WatchRequest } from './client.ts'
import { builtInPathKind, objectPath, selectionPath } from './resource-path.ts'
import type { PathKind } from './resource-path.ts'
import type { ClientAnswer, Transport } from './transport.ts'

const json = 'application/json'

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** Who owns what a client writes, where the server is told. */
export interface ClientOptions {
  /** `fieldManager` of writes; needed for patches of type `apply`. */
  readonly manager?: string
}

/** The client of the API over any transport. */
export function makeClient(transport: Transport, { manager }: ClientOptions = {}): Client {
  const pathKindOf = makePathKinds(transport)
  const owner = manager === undefined ? '' : `fieldManager=${encodeURIComponent(manager)}`
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    contentType = json,
  ): Promise<unknown> => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return readAnswer(await transport.send({ method, path, body: text, contentType }))
  }
  const write = async (method: string, path: string, body: unknown, type?: string) =>
    (await send(method, owner === '' ? path : `${path}?${owner}`, body, type)) as KubeObject
  return {
    get: async (kind, of) =>
      (await send('GET', objectPath(await pathKindOf(kind), of))) as KubeObject,
    list: async (kind, selection = {}) => {
      const path = selectionPath(await pathKindOf(kind), selection)
      const { items, metadata } = (await send('GET', path)) as {
        items: KubeObject[]
        metadata: { resourceVersion: string }
      }
      // The items of a list do not say what they are; everybody else expects it of an object.
      for (const item of items) Object.assign(item, kindOnly(kind))
      return { items, resourceVersion: metadata.resourceVersion }
    },
    watch: async (kind, request) => watch(transport, await pathKindOf(kind), request),
    create: async (object, subresource) => {
      const { namespace } = object.metadata
      const path = subresource
        ? objectPath(
            await pathKindOf(subresource.of),
            { name: subresource.name, namespace },
            object.kind.toLowerCase() === 'tokenrequest' ? 'token' : object.kind.toLowerCase(),
          )
        : objectPath(await pathKindOf(object), { namespace })
      return write('POST', path, object)
    },
    update: async (object, subresource) => {
      const { name = '', namespace } = object.metadata
      return write(
        'PUT',
        objectPath(await pathKindOf(object), { name, namespace }, subresource),
        object,
      )
    },
    patch: async (kind, of, type, body, subresource) =>
      write('PATCH', objectPath(await pathKindOf(kind), of, subresource), body, patchTypes[type]),
    delete: async (kind, of, options = {}) => {
      await send('DELETE', objectPath(await pathKindOf(kind), of), {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...options,
      })
    },
    request: send,
  }
}

function kindOnly({ apiVersion, kind }: KindName): KindName {
  return { apiVersion, kind }
}

/** Built-in kinds are known; others are looked up once in the server's discovery. */
function makePathKinds(transport: Transport): (kind: KindName) => Promise<PathKind> {
  const found = new Map<string, PathKind>()
  return async (name) => {
    const known = builtInPathKind(name) ?? found.get(`${name.apiVersion} ${name.kind}`)
    if (known) return known
    const [version = '', group = ''] = name.apiVersion.split('/').toReversed()
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const { resources } = readAnswer(await transport.send({ method: 'GET', path })) as {
      resources: { name: string; kind: string; namespaced: boolean }[]
    }
    const row = resources.find((each) => each.kind === name.kind && !each.name.includes('/'))
    if (!row) throw new StatusError(404, 'NotFound', `no kind ${name.kind} in ${name.apiVersion}`)
    const kind = { group, version, plural: row.name, namespaced: row.namespaced }
    found.set(`${name.apiVersion} ${name.kind}`, kind)
    return kind
  }
}

async function watch(
  transport: Transport,
  kind: PathKind,
  { resourceVersion, signal, onEvent, ...selection }: WatchRequest,
): Promise<void> {
  const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion }
  const path = selectionPath(kind, selection, query)
  let failure: StatusError | undefined
  const onLine = (line: string): void => {
    const event = JSON.parse(line) as WatchEvent | { type: 'ERROR'; object: unknown }
    if (event.type === 'ERROR') failure = statusError(event.object, 500)
    else onEvent(event)
  }
  const answer = await transport.stream({ method: 'GET', path }, onLine, signal)
  if (answer) readAnswer(answer)
  if (failure) throw failure
}

/** @throws StatusError for every answer that is no success */
function readAnswer({ code, body }: ClientAnswer): unknown {
  const document = parse(body)
  if (code >= 200 && code < 300) return document
  throw statusError(document ?? body, code)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function statusError(document: unknown, code: number): StatusError {
  if (!isObject(document))
    return new StatusError(code, 'Unknown', String(document).slice(0, 1000) || `status ${code}`)
  const { message, reason, details } = document
  return new StatusError(
    typeof document['code'] === 'number' ? document['code'] : code,
    typeof reason === 'string' ? reason : 'Unknown',
    typeof message === 'string' ? message : `status ${code}`,
    details as StatusDetails | undefined,
  )
}
