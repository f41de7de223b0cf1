import { removeBlob, removeManifest } from './delete-content.ts'
import { type Action, type Exchange, sendJson } from './exchange.ts'
import { getBlob } from './get-blob.ts'
import { getManifest } from './get-manifest.ts'
import { sendCatalog, sendReferrers, sendTags } from './listings.ts'
import { storeManifest } from './put-manifest.ts'
import type { Route } from './route.ts'
import { startUpload } from './start-upload.ts'
import { cancelUpload, finishUpload, patchUpload, uploadStatus } from './write-upload.ts'

/** One method of one kind of path. */
export interface Endpoint {
  /** What the client must be allowed to do to the repository; undefined where there is none. */
  readonly action: Action | undefined
  readonly run: (exchange: Exchange) => Promise<void> | void
}

export type Endpoints = Readonly<Record<string, Endpoint>>

/** What can be done at a path of the distribution API, by method. */
export function endpointsOf(route: Route): Endpoints {
  switch (route.kind) {
    case 'base':
      return read(undefined, (exchange) => sendJson(exchange, {}))
    case 'catalog':
      return read(undefined, sendCatalog)
    case 'manifest':
      return manifestEndpoints(route.name, route.reference)
    case 'blob':
      return {
        ...read('pull', (exchange) => getBlob(exchange, route.name, route.digest)),
        DELETE: endpoint('delete', (exchange) => removeBlob(exchange, route.name, route.digest)),
      }
    case 'uploads':
      return { POST: endpoint('push', (exchange) => startUpload(exchange, route.name)) }
    case 'upload':
      return uploadEndpoints(route.name, route.id)
    case 'tags':
      return read('pull', (exchange) => sendTags(exchange, route.name))
    case 'referrers':
      return read('pull', (exchange) => sendReferrers(exchange, route.name, route.digest))
    default:
      return {}
  }
}

function manifestEndpoints(name: string, reference: string): Endpoints {
  return {
    ...read('pull', (exchange) => getManifest(exchange, name, reference)),
    PUT: endpoint('push', (exchange) => storeManifest(exchange, name, reference)),
    DELETE: endpoint('delete', (exchange) => removeManifest(exchange, name, reference)),
  }
}

function uploadEndpoints(name: string, id: string): Endpoints {
  return {
    GET: endpoint('push', (exchange) => uploadStatus(exchange, name, id)),
    PATCH: endpoint('push', (exchange) => patchUpload(exchange, name, id)),
    PUT: endpoint('push', (exchange) => finishUpload(exchange, name, id)),
    DELETE: endpoint('push', (exchange) => cancelUpload(exchange, name, id)),
  }
}

function read(action: Action | undefined, run: Endpoint['run']): Endpoints {
  return { GET: endpoint(action, run), HEAD: endpoint(action, run) }
}

function endpoint(action: Action | undefined, run: Endpoint['run']): Endpoint {
  return { action, run }
}
