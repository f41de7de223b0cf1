import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import { expand } from './expand.ts'
import { fieldValue } from './field-value.ts'
import { podError } from './pod-error.ts'
import type { PodFacts, PodSources } from './pod-sources.ts'
import type { ResourceReference } from './resource-value.ts'
import { containerNamed, resourceValue } from './resource-value.ts'
import { serviceVariables } from './service-variables.ts'

export interface Variable {
  readonly name: string
  readonly value: string
}

export interface EnvironmentWish {
  readonly pod: KubeObject
  readonly container: JsonObject
  readonly facts: PodFacts
  readonly sources: PodSources
}

interface KeyReference {
  readonly name?: string
  readonly key: string
  readonly optional?: boolean
}

interface ValueSource {
  readonly fieldRef?: { readonly fieldPath: string }
  readonly resourceFieldRef?: ResourceReference
  readonly configMapKeyRef?: KeyReference
  readonly secretKeyRef?: KeyReference
}

/**
 * All variables of a container that its pod asks for: `envFrom` first, `env` over it, and the services' where no
 * other has the name. The image's own are not among them.
 *
 * @throws {OperationError} with upstream's message, which is that of the reason CreateContainerConfigError
 */
export async function resolveEnvironment(wish: EnvironmentWish): Promise<Variable[]> {
  const { pod, container, sources } = wish
  const namespace = pod.metadata.namespace ?? ''
  const links = valueAt(pod, ['spec', 'enableServiceLinks']) !== false
  const services = serviceVariables(sources.services(), namespace, links)
  const values = new Map<string, string>()
  for (const from of listAt(container, ['envFrom']))
    for (const [name, value] of await wholeObject(sources, namespace, from)) values.set(name, value)
  const lookup = (name: string): string | undefined => values.get(name) ?? services.get(name)
  for (const variable of listAt(container, ['env'])) {
    const name = textAt(variable, ['name']) ?? ''
    const text = textAt(variable, ['value']) ?? ''
    const from = valueAt(variable, ['valueFrom']) as ValueSource | undefined
    const value = text === '' && from ? await valueFrom(wish, from) : expand(text, lookup)
    // An optional reference to what is not there leaves what `envFrom` gave.
    if (value !== undefined) values.set(name, value)
  }
  for (const [name, value] of services) if (!values.has(name)) values.set(name, value)
  return Array.from(values, ([name, value]) => ({ name, value }))
}

/** `command` or `args` with `$(NAME)` replaced by the container's variables. */
export function expandArguments(
  texts: readonly string[],
  variables: readonly Variable[],
): readonly string[] {
  const values = new Map(variables.map(({ name, value }) => [name, value]))
  return texts.map((text) => expand(text, (name) => values.get(name)))
}

/** One entry of `envFrom`. */
async function wholeObject(
  sources: PodSources,
  namespace: string,
  from: JsonObject,
): Promise<[string, string][]> {
  const prefix = textAt(from, ['prefix']) ?? ''
  const isSecret = from['secretRef'] !== undefined
  const field = isSecret ? 'secretRef' : 'configMapRef'
  const name = textAt(from, [field, 'name']) ?? ''
  const data = await dataOf(sources, isSecret ? 'secret' : 'configmap', namespace, name)
  if (!data) {
    if (valueAt(from, [field, 'optional']) === true) return []
    throw podError('NOT_FOUND', `${isSecret ? 'secret' : 'configmap'} "${name}" not found`)
  }
  return Object.entries(data).map(([key, value]) => [`${prefix}${key}`, value])
}

/** @returns undefined: optional, and not there */
async function valueFrom(wish: EnvironmentWish, from: ValueSource): Promise<string | undefined> {
  const { pod, container, facts, sources } = wish
  if (from.fieldRef) return fieldValue(pod, facts, from.fieldRef.fieldPath)
  if (from.resourceFieldRef) {
    const of = containerNamed(pod, from.resourceFieldRef.containerName, container)
    return resourceValue(of, facts, from.resourceFieldRef)
  }
  const kind = from.secretKeyRef ? 'secret' : 'configmap'
  const reference = from.secretKeyRef ?? from.configMapKeyRef
  return reference && keyOf(sources, kind, pod.metadata.namespace ?? '', reference)
}

async function keyOf(
  sources: PodSources,
  kind: 'configmap' | 'secret',
  namespace: string,
  { name = '', key, optional = false }: KeyReference,
): Promise<string | undefined> {
  const data = await dataOf(sources, kind, namespace, name)
  const value = data && Object.hasOwn(data, key) ? data[key] : undefined
  if (value !== undefined || optional) return value
  if (!data) throw podError('NOT_FOUND', `${kind} "${name}" not found`)
  const title = kind === 'secret' ? 'Secret' : 'ConfigMap'
  throw podError('NOT_FOUND', `couldn't find key ${key} in ${title} ${namespace}/${name}`)
}

/** As text: a variable cannot hold other bytes. A ConfigMap's `binaryData` is for files alone. */
async function dataOf(
  sources: PodSources,
  kind: 'configmap' | 'secret',
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> {
  const object = await (kind === 'secret'
    ? sources.secret(namespace, name)
    : sources.configMap(namespace, name))
  if (!object) return undefined
  const data = (object['data'] ?? {}) as Record<string, string>
  if (kind === 'configmap') return data
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  )
}
