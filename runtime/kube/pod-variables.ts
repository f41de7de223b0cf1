import { OperationError } from '../../native/error.ts'
import type { PodContainer } from './kube-schema.ts'
import type { Contents, WantedPod } from './read-kube-file.ts'

export interface PodContents {
  readonly configMaps: Contents
  readonly secrets: Contents
}

type Variables = Map<string, string>

/**
 * The variables of a container: those of `envFrom` first, then `env`, in which `$(NAME)` stands for one before it.
 *
 * @throws {OperationError} `NOT_FOUND` for a ConfigMap, a Secret or a key that must be there; `UNSUPPORTED` for
 *   fields of a pod that only a cluster knows
 */
export function podVariables(
  pod: WantedPod,
  container: PodContainer,
  contents: PodContents,
): Variables {
  const variables: Variables = new Map()
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? [])
    for (const [kind, reference] of [
      ['ConfigMap', configMapRef],
      ['Secret', secretRef],
    ] as const)
      for (const [key, value] of reference ? (contentsOf(contents, kind, reference) ?? []) : [])
        variables.set(`${prefix}${key}`, value.toString())
  for (const variable of container.env ?? []) {
    const value = valueOf(pod, variable, contents, variables)
    if (value !== undefined) variables.set(variable.name, value)
  }
  return variables
}

type Variable = NonNullable<PodContainer['env']>[number]

function valueOf(
  pod: WantedPod,
  { name, value, valueFrom }: Variable,
  contents: PodContents,
  known: ReadonlyMap<string, string>,
): string | undefined {
  if (!valueFrom) return expand(value ?? '', known)
  const { configMapKeyRef, secretKeyRef, fieldRef } = valueFrom
  if (configMapKeyRef) return keyOf(contents, 'ConfigMap', configMapKeyRef)
  if (secretKeyRef) return keyOf(contents, 'Secret', secretKeyRef)
  const found = fieldRef && fieldOf(pod, fieldRef.fieldPath)
  if (found !== undefined) return found
  throw new OperationError(
    'UNSUPPORTED',
    `find a value for the variable ${name} of pod ${pod.name}`,
    { field: fieldRef?.fieldPath ?? 'resourceFieldRef' },
    { hint: 'Only a cluster knows it: give the variable a value' },
  )
}

function fieldOf({ name, labels, annotations }: WantedPod, path: string): string | undefined {
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  if (map !== undefined) return (map === 'labels' ? labels : annotations)[key] ?? ''
  if (path === 'metadata.name') return name
  return path === 'metadata.namespace' ? 'default' : undefined
}

interface Reference {
  readonly name: string
  readonly optional?: boolean | undefined
}

/** @returns undefined for one that is not there and need not be. @throws {OperationError} `NOT_FOUND` */
export function contentsOf(
  { configMaps, secrets }: PodContents,
  kind: 'ConfigMap' | 'Secret',
  { name, optional = false }: Reference,
): ReadonlyMap<string, Buffer> | undefined {
  const found = (kind === 'ConfigMap' ? configMaps : secrets).get(name)
  if (found || optional) return found
  throw new OperationError(
    'NOT_FOUND',
    `no ${kind} ${name}`,
    {},
    {
      hint:
        kind === 'ConfigMap'
          ? 'Put it into the same file, or name its file with --configmap'
          : 'Put it into the same file, or keep its YAML with "mycontainer secret create"',
    },
  )
}

function keyOf(
  contents: PodContents,
  kind: 'ConfigMap' | 'Secret',
  reference: Reference & { readonly key: string },
): string | undefined {
  const value = contentsOf(contents, kind, reference)?.get(reference.key)
  if (value || reference.optional === true) return value?.toString()
  throw new OperationError('NOT_FOUND', `no key ${reference.key} in ${kind} ${reference.name}`)
}

/** `$(NAME)` for what is known, `$$` for a dollar; anything else stays as it is. */
export function expand(text: string, known: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (known.get(name) ?? whole),
  )
}
