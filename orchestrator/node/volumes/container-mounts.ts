import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, textAt } from '../../api/object.ts'
import { expand } from '../environment/expand.ts'
import { podError } from '../environment/pod-error.ts'
import type { Variable } from '../environment/resolve-environment.ts'
import { isReadOnlyVolume } from './pod-volumes.ts'
import { bindSubPath } from './sub-path.ts'

/** A bind of something on this node into a container. */
export interface ContainerMount {
  readonly source: string
  readonly destination: string
  readonly readOnly: boolean
  /** Mounts below it too. */
  readonly recursiveReadOnly: boolean
  readonly propagation: 'rprivate' | 'rslave' | 'rshared'
}

export interface ContainerMountsWish {
  readonly pod: KubeObject
  readonly container: JsonObject
  /** The pod's, as for its volumes. */
  readonly folder: string
  readonly paths: ReadonlyMap<string, string>
  /** For `subPathExpr`. */
  readonly variables: readonly Variable[]
}

/**
 * The `volumeMounts` of a container, sub paths bound. To be called at each of its starts.
 *
 * @throws {OperationError} with upstream's message, of the reason CreateContainerConfigError
 */
export function containerMounts(wish: ContainerMountsWish): ContainerMount[] {
  const { pod, container, paths } = wish
  const volumes = listAt(pod, ['spec', 'volumes'])
  return listAt(container, ['volumeMounts']).map((mount, index) => {
    const name = textAt(mount, ['name']) ?? ''
    const path = paths.get(name)
    const volume = volumes.find((it) => it['name'] === name)
    if (path === undefined || !volume)
      throw podError(
        'NOT_FOUND',
        `cannot find volume "${name}" to mount into container "${containerName(container)}"`,
      )
    const destination = textAt(mount, ['mountPath']) ?? ''
    const readOnly = mount['readOnly'] === true || isReadOnlyVolume(volume)
    const recursive = textAt(mount, ['recursiveReadOnly']) ?? 'Disabled'
    return {
      source: sourceOf(wish, mount, path, index),
      destination: destination.startsWith('/') ? destination : `/${destination}`,
      readOnly,
      recursiveReadOnly: readOnly && recursive !== 'Disabled',
      propagation: propagations[textAt(mount, ['mountPropagation']) ?? ''] ?? 'rprivate',
    }
  })
}

const propagations: Readonly<Record<string, ContainerMount['propagation']>> = {
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
}

function containerName(container: JsonObject): string {
  return textAt(container, ['name']) ?? ''
}

function sourceOf(
  { folder, container, variables }: ContainerMountsWish,
  mount: JsonObject,
  path: string,
  index: number,
): string {
  const subPath = subPathOf(mount, variables)
  if (subPath === '') return path
  const volume = textAt(mount, ['name']) ?? ''
  const target = join(folder, 'volume-subpaths', volume, containerName(container), String(index))
  try {
    bindSubPath(path, subPath, target)
  } catch (cause) {
    const text = `failed to prepare subPath for volumeMount "${volume}" of container "${containerName(container)}"`
    throw podError(cause instanceof OperationError ? cause.code : 'INTERNAL', text, cause)
  }
  return target
}

function subPathOf(mount: JsonObject, variables: readonly Variable[]): string {
  const expression = textAt(mount, ['subPathExpr']) ?? ''
  const subPath =
    expression === '' ? (textAt(mount, ['subPath']) ?? '') : expandStrictly(expression, variables)
  if (subPath.startsWith('/'))
    throw podError('INVALID_ARGUMENT', `error SubPath \`${subPath}\` must not be an absolute path`)
  if (subPath.split('/').includes('..'))
    throw podError(
      'INVALID_ARGUMENT',
      `unable to provision SubPath \`${subPath}\`: must not contain '..'`,
    )
  return subPath
}

/** Where a name means nothing the container would get a folder of somebody else's. */
function expandStrictly(text: string, variables: readonly Variable[]): string {
  const values = new Map(variables.map(({ name, value }) => [name, value]))
  return expand(text, (name) => {
    const value = values.get(name)
    if (value === undefined || value === '')
      throw podError('INVALID_ARGUMENT', `missing value for "${name}"`)
    return value
  })
}
