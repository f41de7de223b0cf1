import { join, posix } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { PodContainer, PodVolume } from './kube-schema.ts'
import { type PodContents, contentsOf } from './pod-variables.ts'
import { parseQuantity } from './quantity.ts'
import type { WantedPod } from './read-kube-file.ts'

/** What a volume of a pod is here. */
export type PlacedVolume =
  /** A path of the host, made where it is missing. */
  | { readonly kind: 'host'; readonly path: string; readonly make?: 'folder' | 'file' | undefined }
  /** A volume of ours; one of the pod's own goes with it. */
  | {
      readonly kind: 'volume'
      readonly name: string
      readonly isOwn: boolean
      readonly readOnly: boolean
      readonly options: Readonly<Record<string, string>>
    }
  /** Files that are written for the pod. */
  | { readonly kind: 'files'; readonly folder: string; readonly files: readonly ContentFile[] }

export interface ContentFile {
  /** Below the volume's folder. */
  readonly path: string
  readonly data: Buffer
  readonly mode: number
}

/**
 * Where the volumes of a pod come from, by their names.
 *
 * @param folder for what is written for this pod
 * @throws {OperationError} `NOT_FOUND` for a ConfigMap or Secret; `UNSUPPORTED` for kinds that only a cluster has
 */
export function placeVolumes(
  pod: WantedPod,
  contents: PodContents,
  folder: string,
): Map<string, PlacedVolume> {
  return new Map(
    (pod.spec.volumes ?? []).map((volume) => [
      volume.name,
      placeVolume(pod, volume, contents, join(folder, fileName(volume.name))),
    ]),
  )
}

function placeVolume(
  pod: WantedPod,
  volume: PodVolume,
  contents: PodContents,
  folder: string,
): PlacedVolume {
  const { hostPath, emptyDir, persistentVolumeClaim: claim, configMap, secret } = volume
  if (hostPath) return hostVolume(hostPath.path, hostPath.type ?? '')
  if (emptyDir)
    return {
      kind: 'volume',
      name: `${pod.name}-${fileName(volume.name)}`,
      isOwn: true,
      readOnly: false,
      options: emptyOptions(emptyDir),
    }
  if (claim)
    return {
      kind: 'volume',
      name: claim.claimName,
      isOwn: false,
      readOnly: claim.readOnly ?? false,
      options: {},
    }
  if (configMap) return filesOf('ConfigMap', configMap.name ?? '', configMap, contents, folder)
  if (secret) return filesOf('Secret', secret.secretName ?? '', secret, contents, folder)
  throw new OperationError(
    'UNSUPPORTED',
    `make the volume ${volume.name} of pod ${pod.name}`,
    {},
    { hint: 'Use hostPath, emptyDir, persistentVolumeClaim, configMap or secret' },
  )
}

function hostVolume(path: string, type: string): PlacedVolume {
  if (!path.startsWith('/') || path.split('/').includes('..'))
    throw refused('a hostPath must be an absolute path without ".."', path)
  const makes = { DirectoryOrCreate: 'folder', FileOrCreate: 'file' } as const
  return {
    kind: 'host',
    path,
    make: type === 'DirectoryOrCreate' || type === 'FileOrCreate' ? makes[type] : undefined,
  }
}

function emptyOptions({
  medium = '',
  sizeLimit,
}: NonNullable<PodVolume['emptyDir']>): Record<string, string> {
  const size = sizeLimit === undefined ? undefined : String(Math.ceil(parseQuantity(sizeLimit)))
  return {
    ...(medium === 'Memory' ? { type: 'tmpfs' } : {}),
    ...(size === undefined ? {} : { size }),
  }
}

interface ContentWish {
  readonly items?: readonly { key: string; path: string; mode?: number | undefined }[] | undefined
  readonly defaultMode?: number | undefined
  readonly optional?: boolean | undefined
}

function filesOf(
  kind: 'ConfigMap' | 'Secret',
  name: string,
  { items, defaultMode = 0o644, optional = false }: ContentWish,
  contents: PodContents,
  folder: string,
): PlacedVolume {
  const known = contentsOf(contents, kind, { name, optional }) ?? new Map<string, Buffer>()
  const wanted = items ?? [...known.keys()].map((key) => ({ key, path: key, mode: undefined }))
  const files = wanted.flatMap(({ key, path, mode = defaultMode }) => {
    const data = known.get(key)
    if (data) return [{ path: requireInside(path), data, mode }]
    if (optional) return []
    throw new OperationError('NOT_FOUND', `no key ${key} in ${kind} ${name}`)
  })
  return { kind: 'files', folder, files }
}

/** Of names that are the user's: no path may lead out. */
function requireInside(path: string): string {
  if (path !== '' && !path.startsWith('/') && !path.split('/').includes('..')) return path
  throw refused('the path of an item must be relative and without ".."', path)
}

function fileName(name: string): string {
  if (/^[a-z0-9][a-z0-9.-]*$/.test(name)) return name
  throw refused('the name of a volume has lower-case letters, digits, - and .', name)
}

/**
 * The words of `create` for the mounts of a container.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for one whose volume the pod does not have
 */
export function mountWords(
  { volumeMounts = [] }: PodContainer,
  volumes: ReadonlyMap<string, PlacedVolume>,
): string[] {
  return volumeMounts.flatMap((mount) => {
    const volume = volumes.get(mount.name)
    if (!volume) throw refused('there is no such volume in spec.volumes', mount.name)
    const subPath = mount.subPath === undefined ? undefined : requireInside(mount.subPath)
    const fields =
      volume.kind === 'volume'
        ? volumeFields(volume, subPath)
        : hostFields(volume.kind === 'host' ? volume.path : volume.folder, subPath)
    const isReadOnly =
      mount.readOnly === true ||
      volume.kind === 'files' ||
      (volume.kind === 'volume' && volume.readOnly)
    const propagation = { None: undefined, HostToContainer: 'rslave', Bidirectional: 'rshared' }[
      mount.mountPropagation ?? 'None'
    ]
    const all = [
      ...fields,
      `target=${mount.mountPath}`,
      ...(isReadOnly ? ['readonly'] : []),
      ...(propagation === undefined || volume.kind === 'volume'
        ? []
        : [`bind-propagation=${propagation}`]),
    ]
    return ['--mount', all.map(quoted).join(',')]
  })
}

function volumeFields(
  { name }: Extract<PlacedVolume, { kind: 'volume' }>,
  subPath: string | undefined,
): string[] {
  const inside = subPath === undefined ? [] : [`volume-subpath=${subPath}`]
  // The cluster's volumes begin empty, whatever the image has there.
  return ['type=volume', `source=${name}`, 'volume-nocopy=true', ...inside]
}

function hostFields(path: string, subPath: string | undefined): string[] {
  return ['type=bind', `source=${subPath === undefined ? path : posix.join(path, subPath)}`]
}

/** As a field of comma-separated values. */
function quoted(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

function refused(reason: string, value: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'read a volume of a pod', {
    reason,
    value: value.slice(0, 100),
  })
}
