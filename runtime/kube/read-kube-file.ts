import type * as z from 'zod/mini'
import { parseAllDocuments } from 'yaml'
import { OperationError } from '../../native/error.ts'
import { type Metadata, type PodSpec, kindSchemas } from './kube-schema.ts'

/** A pod to be made, whatever kind of object asked for it. */
export interface WantedPod {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: PodSpec
}

/** Bytes by key, of ConfigMaps and Secrets by their names. */
export type Contents = Map<string, ReadonlyMap<string, Buffer>>

export interface KubeFile {
  readonly pods: WantedPod[]
  readonly configMaps: Contents
  readonly secrets: Contents
  /** Names of claims: volumes. */
  readonly claims: { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]
  /** What nobody here acts on, one sentence each. */
  readonly notes: string[]
}

/** Bombs of aliases grow a few lines to gigabytes. */
const maxAliasCount = 100

/**
 * Read the objects of a YAML or JSON file, of which there may be several.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` with the place of what is wrong
 */
export function readKubeFile(path: string, text: string): KubeFile {
  const file: KubeFile = {
    pods: [],
    configMaps: new Map(),
    secrets: new Map(),
    claims: [],
    notes: [],
  }
  for (const object of readDocuments(path, text)) takeObject(file, path, object)
  return file
}

function readDocuments(path: string, text: string): unknown[] {
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents)) return []
  return documents.flatMap((document): unknown[] => {
    const [problem] = document.errors
    if (problem) throw invalid(path, problem.message.split('\n')[0] ?? '')
    let value: unknown
    try {
      value = withoutNull(document.toJS({ maxAliasCount }))
    } catch (cause) {
      throw invalid(path, cause instanceof Error ? cause.message : '')
    }
    if (value === undefined) return []
    return isMap(value) && value['kind'] === 'List' && Array.isArray(value['items'])
      ? value['items']
      : [value]
  })
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const maxDepth = 60

/** A field with nothing behind it is absent, as in Kubernetes. */
function withoutNull(value: unknown, depth = 0): unknown {
  if (depth > maxDepth) throw new Error('nested too deeply')
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map((each) => withoutNull(each, depth + 1))
  if (!isMap(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, withoutNull(each, depth + 1)])
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined))
}

function takeObject(file: KubeFile, path: string, object: unknown): void {
  if (!isMap(object) || typeof object['kind'] !== 'string')
    throw invalid(path, 'each object has a kind')
  const { kind } = object
  const schemas = kindSchemas()
  const what = `${kind} ${isMap(object['metadata']) ? String(object['metadata']['name']) : ''}`
  const read = <Value>(schema: z.ZodMiniType<Value>): Value => {
    const result = schema.safeParse(object)
    if (!result.success) {
      const [issue] = result.error.issues
      throw invalid(path, `${what}: ${issue?.path.join('.')}: must be ${issue?.message}`)
    }
    for (const ignored of droppedPaths(object, result.data))
      file.notes.push(`${what}: ${ignored} is not acted on`)
    return result.data
  }
  switch (kind) {
    case 'Pod': {
      const { metadata, spec } = read(schemas.Pod)
      file.pods.push(podOf(nameOf(path, kind, metadata), metadata, spec))
      return
    }
    case 'Deployment': {
      const { metadata, spec } = read(schemas.Deployment)
      const { replicas = 1, template } = spec
      const name = `${nameOf(path, kind, metadata)}-pod`
      const count = possibleReplicas(replicas, template.spec)
      if (count < replicas)
        file.notes.push(
          `${what}: of ${replicas} replicas ${count} can be made on one host: ${count === 1 ? 'they publish its ports' : 'that is the most'}`,
        )
      for (let at = 1; at <= count; at++)
        file.pods.push(
          podOf(at === 1 ? name : `${name}-${at}`, template.metadata ?? {}, template.spec),
        )
      return
    }
    case 'DaemonSet': {
      const { metadata, spec } = read(schemas.DaemonSet)
      const { template } = spec
      const name = `${nameOf(path, kind, metadata)}-pod`
      file.pods.push(podOf(name, template.metadata ?? {}, template.spec))
      return
    }
    case 'ConfigMap': {
      const { metadata, data = {}, binaryData = {} } = read(schemas.ConfigMap)
      const contents = new Map([...texts(data), ...bytes(binaryData)])
      file.configMaps.set(nameOf(path, kind, metadata), contents)
      return
    }
    case 'Secret': {
      const { metadata, data = {}, stringData = {} } = read(schemas.Secret)
      const contents = new Map([...bytes(data), ...texts(stringData)])
      file.secrets.set(nameOf(path, kind, metadata), contents)
      return
    }
    case 'PersistentVolumeClaim': {
      const { metadata } = read(schemas.PersistentVolumeClaim)
      file.claims.push({ name: nameOf(path, kind, metadata), labels: metadata.labels ?? {} })
      return
    }
    default:
      file.notes.push(`${what}: not acted on: there is no cluster here`)
  }
}

/** More than this is a mistake, or the business of a cluster. */
const mostReplicas = 100

/** A port of the host, or its whole network, is for one. */
function possibleReplicas(wanted: number, { containers, hostNetwork = false }: PodSpec): number {
  const ports = containers.flatMap(({ ports = [] }) => ports)
  const isAlone = hostNetwork || ports.some(({ hostPort = 0 }) => hostPort > 0)
  return Math.min(wanted, isAlone ? 1 : mostReplicas)
}

function podOf(
  name: string,
  { labels = {}, annotations = {} }: Metadata,
  spec: PodSpec,
): WantedPod {
  return { name, labels, annotations, spec }
}

function nameOf(path: string, kind: string, { name = '' }: Metadata): string {
  if (/^[a-z0-9][a-z0-9.-]{0,252}$/.test(name)) return name
  throw invalid(path, `${kind}: metadata.name must be lower-case letters, digits, - and .`)
}

function texts(from: Readonly<Record<string, string>>): [string, Buffer][] {
  return Object.entries(from).map(([key, value]) => [key, Buffer.from(value)])
}

function bytes(from: Readonly<Record<string, string>>): [string, Buffer][] {
  return Object.entries(from).map(([key, value]) => [key, Buffer.from(value, 'base64')])
}

/** Fields that mean nothing outside of a cluster, or here: nobody need be told. */
const silent = new Set([
  'apiVersion',
  'kind',
  'status',
  'metadata.creationTimestamp',
  'metadata.namespace',
  'spec.automountServiceAccountToken',
  'spec.enableServiceLinks',
  'spec.selector',
  'type',
])

/** Paths of what a schema has dropped. */
function droppedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (Array.isArray(before) && Array.isArray(after))
    return before.flatMap((each, at) => droppedPaths(each, after[at], `${path}[${at}]`))
  if (!isMap(before) || !isMap(after)) return []
  return Object.entries(before).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`
    if (silent.has(here)) return []
    return Object.hasOwn(after, key) ? droppedPaths(value, after[key], here) : [here]
  })
}

function invalid(path: string, what: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `read ${path}: ${what}`,
    {},
    { hint: 'It takes objects as kubectl does: Pod, Deployment, DaemonSet, ConfigMap, Secret, …' },
  )
}
