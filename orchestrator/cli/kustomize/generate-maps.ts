import { basename } from 'node:path'
import { isObject, listAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { readOwnFile } from './kustomization-file.ts'
import type { Kustomization } from './kustomization-file.ts'
import { nameOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** The ConfigMaps and Secrets of generators, beside what there is or merged into it. @throws CommandFailure */
export function generateMaps(kustomization: Kustomization, resources: Resource[]): Resource[] {
  const all = [...resources]
  const made = (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
    const field = kind === 'ConfigMap' ? 'configMapGenerator' : 'secretGenerator'
    return listAt(kustomization.fields, [field]).map((wish) => ({
      made: generate(kustomization, kind, wish),
      behavior: textAt(wish, ['behavior']) ?? 'create',
    }))
  })
  for (const { made: one, behavior } of made) {
    const name = nameOf(one)
    const index = all.findIndex(
      (other) => other.object.kind === one.object.kind && other.names.includes(name),
    )
    if (behavior === 'create') {
      if (index !== -1)
        throw new CommandFailure(
          `may not add resource with an already registered id: ${one.object.kind}.v1.[noGrp]/${name}.${one.object.metadata.namespace ?? '[noNs]'}`,
        )
      all.push(one)
      continue
    }
    const before = all[index]
    if (!before)
      throw new CommandFailure(
        `id resid.ResId{Gvk: ${one.object.kind}, Name: ${JSON.stringify(name)}} does not exist; cannot merge or replace`,
      )
    all[index] = { ...before, object: joined(before.object, one.object, behavior === 'merge') }
  }
  return all
}

const mapFields = ['data', 'binaryData'] as const

function joined(before: KubeObject, after: KubeObject, keeps: boolean): KubeObject {
  const { labels, annotations } = after.metadata
  const metadata = {
    ...before.metadata,
    ...mapOf('labels', { ...before.metadata.labels, ...labels }),
    ...mapOf('annotations', { ...before.metadata.annotations, ...annotations }),
  }
  const result: KubeObject = { ...(keeps ? before : {}), ...after, metadata }
  if (keeps)
    for (const field of mapFields)
      Object.assign(result, mapOf(field, { ...asMap(before[field]), ...asMap(after[field]) }))
  return result
}

function asMap(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function mapOf(field: string, map: JsonObject): JsonObject {
  return Object.keys(map).length === 0 ? {} : { [field]: map }
}

function generate(
  kustomization: Kustomization,
  kind: 'ConfigMap' | 'Secret',
  wish: JsonObject,
): Resource {
  const name = textAt(wish, ['name']) ?? ''
  const namespace = textAt(wish, ['namespace'])
  const common = asMap(kustomization.fields['generatorOptions'])
  const own = asMap(wish['options'])
  const maps = (field: string): JsonObject =>
    mapOf(field, { ...asMap(common[field]), ...asMap(own[field]) })
  const option = (field: string): boolean => own[field] === true || common[field] === true
  const object = {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...maps('labels'),
      ...maps('annotations'),
    },
    ...contentOf(readPairs(kustomization, wish), kind),
    ...(kind === 'Secret' ? { type: textAt(wish, ['type']) ?? 'Opaque' } : {}),
    ...(option('immutable') ? { immutable: true } : {}),
  } as KubeObject
  return { object, names: [name], hasHash: !option('disableNameSuffixHash') }
}

function contentOf(pairs: ReadonlyMap<string, string>, kind: string): JsonObject {
  const plain = [...pairs]
  if (kind === 'ConfigMap') return mapOf('data', Object.fromEntries(plain))
  const encoded = plain.map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return mapOf('data', Object.fromEntries(encoded) as JsonObject)
}

function texts(wish: JsonObject, field: string): string[] {
  const value = wish[field]
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}

function readPairs(kustomization: Kustomization, wish: JsonObject): Map<string, string> {
  const pairs = new Map<string, string>()
  const add = (key: string, value: string): void => {
    if (pairs.has(key))
      throw new CommandFailure(
        `cannot add key ${key}, another key by that name already exists in generator ${textAt(wish, ['name']) ?? ''}`,
      )
    pairs.set(key, value)
  }
  for (const path of [...texts(wish, 'env'), ...texts(wish, 'envs')])
    for (const raw of readOwnFile(kustomization, path).split(/\r?\n/)) {
      const line = raw.trimStart()
      if (line === '' || line.startsWith('#')) continue
      const [key, value = process.env[line] ?? ''] = splitOnce(line)
      add(key, value)
    }
  for (const text of texts(wish, 'literals')) {
    const [key, value] = splitOnce(text)
    if (value === undefined || key === '')
      throw new CommandFailure(`invalid literal source ${text}, expected key=value`)
    add(key, /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value)
  }
  for (const text of texts(wish, 'files')) {
    const [first, path] = splitOnce(text)
    add(path === undefined ? basename(first) : first, readOwnFile(kustomization, path ?? first))
  }
  return pairs
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
