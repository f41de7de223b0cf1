import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { columnsOf } from '../api/print/columns.ts'
import { badRequest } from '../api/status-error.ts'
import type { Status } from '../api/status-error.ts'
import type { ApiRequest, WholeResponse } from './http-message.ts'
import type { ObjectList } from './list-objects.ts'
import { negotiate } from './negotiate.ts'
import type { Representation } from './negotiate.ts'

// Objects in the forms in which clients ask for them.

type IncludeObject = 'Metadata' | 'Object' | 'None'

export interface RenderOptions {
  readonly representation: Representation
  readonly includeObject: IncludeObject
}

/** @throws StatusError 400 */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const wanted = query.get('includeObject') || 'Metadata'
  if (wanted === 'Metadata' || wanted === 'Object' || wanted === 'None') return wanted
  throw badRequest(`includeObject: Unsupported value: ${JSON.stringify(wanted)}`)
}

/** @throws StatusError 400, 406 for a form that we do not have */
export function requireAnswerable({ headers, query }: ApiRequest): void {
  negotiate(headers['accept'], ['object', 'table', 'metadata'])
  includeObjectOf(query)
}

function partial({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

function makeTable(
  kind: Kind,
  items: readonly KubeObject[],
  metadata: object,
  include: IncludeObject,
): object {
  const columns = columnsOf(kind)
  const now = new Date()
  const rows = items.map((item) => ({
    cells: columns.map((column) => column.cell(item, now)),
    ...(include === 'None' ? {} : { object: include === 'Object' ? item : partial(item) }),
  }))
  const columnDefinitions = columns.map(({ name, type, format = '', description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }))
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows }
}

/** One object, as a response or an event of a watch shows it. */
export function renderObject(kind: Kind, object: KubeObject, options: RenderOptions): object {
  switch (options.representation.as) {
    case 'table': {
      const { resourceVersion } = object.metadata
      const metadata = resourceVersion === undefined ? {} : { resourceVersion }
      return makeTable(kind, [object], metadata, options.includeObject)
    }
    case 'metadata':
      return partial(object)
    default:
      return object
  }
}

export function renderList(kind: Kind, list: ObjectList, options: RenderOptions): object {
  const metadata = {
    resourceVersion: list.resourceVersion,
    ...(list.continueToken === undefined ? {} : { continue: list.continueToken }),
    ...(list.remaining === undefined ? {} : { remainingItemCount: list.remaining }),
  }
  switch (options.representation.as) {
    case 'table':
      return makeTable(kind, list.items, metadata, options.includeObject)
    case 'metadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: list.items.map(partial),
      }
    default:
      return {
        kind: `${kind.kind}List`,
        apiVersion: apiVersionOf(kind),
        metadata,
        items: list.items,
      }
  }
}

/** A document in the format that was asked for. */
export async function respond(
  code: number,
  document: object,
  format: Representation['format'] = 'json',
): Promise<WholeResponse> {
  if (format === 'json')
    return {
      code,
      headers: { 'content-type': 'application/json' },
      body: `${JSON.stringify(document)}\n`,
    }
  const { stringify } = await import('yaml')
  return { code, headers: { 'content-type': 'application/yaml' }, body: stringify(document) }
}

export function respondStatus(status: Status): WholeResponse {
  const retry = status.details?.retryAfterSeconds
  return {
    code: status.code ?? 200,
    headers: {
      'content-type': 'application/json',
      ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    },
    body: `${JSON.stringify(status)}\n`,
  }
}
