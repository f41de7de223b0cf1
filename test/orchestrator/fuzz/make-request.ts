import { stringify } from 'yaml'
import { apiVersionOf } from '../../../orchestrator/api/kind.ts'
import type { Kind } from '../../../orchestrator/api/kind.ts'
import type { Json, JsonObject } from '../../../orchestrator/api/object.ts'
import type { Schemas } from '../../../orchestrator/api/schema.ts'
import { fieldFacts } from '../../../orchestrator/server/load-data.ts'
import { pick } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'
import { anyValue, damaged, damagedBytes, oddJson, oddTexts } from './damage.ts'
import { encodeMessage } from './encode-protobuf.ts'
import { makeObject, objectNames } from './make-object.ts'
import { protobufObject } from './protobuf-bytes.ts'

// Requests of every shape that the API has, and of some that it has not.

export interface FuzzRequest {
  readonly method: string
  readonly target: string
  readonly body: Buffer
  readonly headers: Record<string, string>
}

const protobuf = 'application/vnd.kubernetes.protobuf'
const patchTypes = [
  'json-patch+json',
  'merge-patch+json',
  'strategic-merge-patch+json',
  'apply-patch+yaml',
].map((type) => `application/${type}`)
const bodyTypes = [
  'application/json',
  'application/yaml',
  protobuf,
  ...patchTypes,
  'text/plain',
  '',
  ';;',
  'application/json; charset=x',
]
const accepts = [
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/yaml',
  'text/html',
  '*/*',
  'application/json;as=Table;v=v9',
  ';',
  'application/json;as=__proto__;v=v1',
  `${protobuf},application/json`,
]
const parameters = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'watch',
  'dryRun',
  'fieldValidation',
  'fieldManager',
  'force',
  'includeObject',
  'sendInitialEvents',
  'allowWatchBookmarks',
  'timeoutSeconds',
  'gracePeriodSeconds',
  'propagationPolicy',
  'container',
  'tailLines',
  'command',
  'stdin',
  'stdout',
  'ports',
  'verbose',
  'uid',
  'since',
]
const values = [
  ...oddTexts,
  'true',
  'All',
  'Strict',
  'Ignore',
  '0',
  '1',
  '5',
  'a=b',
  'a in (b,c',
  '!a',
  'a notin ()',
  'a==',
  ',,',
  'a>1',
  'a<x',
  'metadata.name=a',
  'spec.nodeName=n1',
  'a\\=b=c',
  'Exact',
  'NotOlderThan',
  'Table',
  'None',
  'Object',
  'Foreground',
  'Orphan',
  '99999999999999999999',
  '999999999999999',
  'eyJ2IjoxLCJydiI6MSwic3RhcnQiOiIifQ',
  'eyJ2IjoxLCJydiI6LTEsInN0YXJ0IjoiXHUwMDAwIn0',
  'bnVsbA',
]
const subresources = [
  'status',
  'scale',
  'binding',
  'eviction',
  'finalize',
  'ephemeralcontainers',
  'resize',
  'approval',
  'token',
  'log',
  'exec',
  'attach',
  'portforward',
  'proxy',
  'proxy/a/../b',
  'nope',
  '%',
  '..',
  '%2e%2e',
  '',
]
const otherPaths = [
  '/',
  '//',
  '/api',
  '/apis',
  '/api/',
  '/apis/nope',
  '/apis/apps/v9',
  '/apis/apps/v1/nope',
  '/api/v1/namespaces',
  '/api/v1/namespaces/',
  '/api/v1//pods',
  '/api/v1/namespaces/%2e%2e/pods',
  '/api/v1/namespaces/default%2Fpods',
  '/api/v1/%00',
  '/api/v1/namespaces/%ff/pods/%c0',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/apis/apps/v1',
  '/openapi/v3/__proto__',
  '/openapi/v3/apis/constructor/v1',
  '/version/',
  '/metrics',
  '/healthz?verbose',
  '/myorch/v1/spans',
  '/myorch/v1/decisions/a/b/c',
  '/myorch/v1/decisions',
  '/apis/metrics.k8s.io/v1beta1/nodes',
  '/apis/example.com/v1/foos',
  '/apis/example.com/v1/namespaces/default/foos',
  '/apis/example.com/v2/foos/a/status',
  '/api/v1/watch/pods',
  '/api/v1/pods/a',
  '/api/v1/nodes/a/b/c/d',
]
const pointers = [
  '',
  '/',
  '/spec',
  '/metadata/name',
  '/metadata/labels/a',
  '/metadata/labels/~1',
  '/metadata/finalizers/-',
  '/spec/containers/0',
  '/spec/containers/-',
  '/spec/containers/01',
  '/spec/containers/1e1',
  '/spec/template/spec/containers/0/env',
  '/__proto__/x',
  '/constructor/prototype/x',
  'spec',
  '/kind',
  '/metadata',
  '/~',
  '/metadata/managedFields/0/fieldsV1',
  '/status/conditions/0',
  '/data/__proto__',
]
const resourceAttributes = { verb: 'get', resource: 'pods' }

/** Those that other parts act on. */
const commonKinds = new Set([
  'Pod',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Service',
  'EndpointSlice',
  'Node',
  'PodDisruptionBudget',
  'ConfigMap',
])

const chance = (random: Random, share: number): boolean => random() < share

function makeQuery(random: Random): string {
  const words = Array.from({ length: Math.floor(random() * 4) }, () => {
    const value = chance(random, 0.9) ? encodeSafely(pick(random, values)) : '%'
    return `${pick(random, parameters)}=${value}`
  })
  return words.join('&')
}

/** Lone surrogates have no encoding; clients that are written in C send something all the same. */
function encodeSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function pathOf(random: Random, kind: Kind, own?: string): string {
  const base = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const namespace = chance(random, 0.95) ? 'default' : encodeSafely(pick(random, oddTexts))
  const place = kind.namespaced ? `${base}/namespaces/${namespace}` : base
  const name = chance(random, 0.98) ? own : encodeSafely(pick(random, oddTexts))
  return `${place}/${kind.plural}${own === undefined ? '' : `/${name}`}`
}

function makeJsonPatch(random: Random): Json {
  if (chance(random, 0.05)) return anyValue(random)
  return Array.from({ length: Math.floor(random() * 5) }, () => ({
    op: pick(random, ['add', 'add', 'remove', 'replace', 'move', 'copy', 'test', 'x', '']),
    path: pick(random, pointers),
    from: pick<Json>(random, ['/spec', '/metadata', '', '/metadata/labels', 5]),
    value: anyValue(random, 2),
  }))
}

/** Directives of strategic merge where they belong, and where they do not. */
function withDirectives(random: Random, patch: JsonObject): JsonObject {
  const directives: JsonObject = {
    $patch: pick(random, ['merge', 'replace', 'delete', 'odd']),
    $retainKeys: pick<Json>(random, [['type'], 'type', [5]]),
    '$setElementOrder/containers': pick<Json>(random, [[{ name: 'a' }], 'a', [null]]),
    '$deleteFromPrimitiveList/finalizers': pick<Json>(random, [['a/b'], {}, [[]]]),
  }
  const chosen = Object.entries(directives).filter(() => chance(random, 0.2))
  const { spec } = patch
  if (chance(random, 0.5)) return { ...patch, ...Object.fromEntries(chosen) }
  return { ...patch, spec: { ...(spec as JsonObject), ...Object.fromEntries(chosen) } }
}

function encodeBody(random: Random, kind: Kind, type: string, value: Json): Buffer {
  if (type === protobuf && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const message = encodeMessage(fieldFacts(), kind.definition, value)
    const whole = protobufObject(apiVersionOf(kind), kind.kind, message).subarray(0)
    return chance(random, 0.5) ? damagedBytes(random, whole) : whole
  }
  const isYaml = type.endsWith('yaml') && chance(random, 0.5)
  const text = isYaml
    ? stringify(value)
    : chance(random, 0.05)
      ? oddJson(random, value)
      : JSON.stringify(value)
  const bytes = Buffer.from(text)
  return chance(random, 0.05) ? damagedBytes(random, bytes) : bytes
}

/** What a path under an object may get: whatever, or something like what it wants. */
function subresourceBody(random: Random, object: Json): Json {
  return pick<Json>(random, [
    object,
    {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'a' },
      spec: { replicas: pick(random, [0, 1, 2, -1, 'x', null, 1e300]) },
    },
    {
      apiVersion: 'v1',
      kind: 'Binding',
      target: { name: pick<Json>(random, ['n1', '', {}, '\0']) },
    },
    { apiVersion: 'policy/v1', kind: 'Eviction', deleteOptions: anyValue(random, 2) },
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: anyValue(random, 3),
        expirationSeconds: pick<Json>(random, [600, 600.5, 1e300, -1, 'x']),
      },
    },
    { spec: { resourceAttributes, groups: anyValue(random), extra: anyValue(random) } },
    anyValue(random),
  ])
}

/** @param current an object of the kind as it is stored, where there is one */
export function makeRequest(
  random: Random,
  schemas: Schemas,
  kinds: readonly Kind[],
  currentOf: (kind: Kind) => JsonObject | undefined,
): FuzzRequest {
  const common = kinds.filter(({ kind }) => commonKinds.has(kind))
  const kind = pick(random, chance(random, 0.4) ? common : kinds)
  const name =
    kind.kind === 'CustomResourceDefinition' ? 'foos.example.com' : pick(random, objectNames)
  const accept = chance(random, 0.05) ? { accept: pick(random, accepts) } : {}
  const query = chance(random, 0.15) ? `?${makeQuery(random)}` : ''
  const object = makeObject(random, schemas, kind, name)
  const request = (
    method: string,
    target: string,
    value: Json,
    type = 'application/json',
  ): FuzzRequest => {
    const chosen = chance(random, 0.05) ? pick(random, bodyTypes) : type
    return {
      method,
      target,
      body: encodeBody(random, kind, chosen, value),
      headers: { 'content-type': chosen, ...accept },
    }
  }
  const slightly = (value: Json): Json => (chance(random, 0.4) ? damaged(random, value) : value)
  const choice = random()
  if (choice < 0.35)
    return request(
      'POST',
      pathOf(random, kind) + query,
      slightly(object),
      chance(random, 0.15)
        ? protobuf
        : pick(random, ['application/json', 'application/json', 'application/yaml']),
    )
  if (choice < 0.5)
    return request(
      'PUT',
      pathOf(random, kind, name) + query,
      damaged(random, currentOf(kind) ?? object),
    )
  if (choice < 0.8) {
    const type = pick(random, patchTypes)
    const path =
      pathOf(random, kind, name) + (chance(random, 0.2) ? `/${pick(random, subresources)}` : '')
    if (type.includes('json-patch'))
      return request('PATCH', path + query, makeJsonPatch(random), type)
    const patch = type.includes('strategic') ? withDirectives(random, object) : object
    const manager = type.includes('apply')
      ? `?fieldManager=${pick(random, ['m', 'n'])}&force=${pick(random, ['true', 'false'])}`
      : query
    return request('PATCH', path + manager, slightly(patch), type)
  }
  if (choice < 0.88) {
    const target = `${pathOf(random, kind, name)}/${pick(random, subresources)}`
    return request(
      pick(random, ['GET', 'POST', 'PUT', 'DELETE']),
      target + query,
      subresourceBody(random, object),
    )
  }
  if (choice < 0.91)
    return request(
      'DELETE',
      pathOf(random, kind, chance(random, 0.9) ? name : undefined) + query,
      pick<Json>(random, [
        {},
        {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          preconditions: anyValue(random),
          gracePeriodSeconds: anyValue(random, 5),
        },
      ]),
    )
  const path = chance(random, 0.3)
    ? pick(random, otherPaths)
    : pathOf(random, kind, chance(random, 0.5) ? name : undefined)
  const separator = path.includes('?') ? '&' : '?'
  return {
    method: pick(random, ['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'POST']),
    target: path + separator + makeQuery(random),
    body: Buffer.alloc(0),
    headers: accept,
  }
}
