import { listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject } from '../../../api/object.ts'
import { none, sorted, unset } from './page.ts'
import type { Page } from './page.ts'

type Lines = readonly (readonly [string, unknown])[]

/** @param isTemplate those of a template are deeper */
export function writeVolumes(page: Page, volumes: readonly JsonObject[], isTemplate = false): void {
  const indent = isTemplate ? '  ' : ''
  if (volumes.length === 0) return page.line(0, `${indent}Volumes:`, none)
  page.line(0, `${indent}Volumes:`)
  for (const volume of volumes) {
    page.line(1, `${isTemplate ? ' ' : ''}${plainText(volume['name'])}:`)
    const type = Object.keys(writers).find((each) => volume[each] !== undefined)
    if (type === undefined) page.line(2, '<unknown>')
    for (const [title, value] of type === undefined ? [] : writers[type]!(volume[type]))
      if (title === '') page.line(3, value)
      else page.line(2, `${title}:`, ...(value === undefined ? [] : [value]))
  }
}

const optional = (source: unknown): boolean => valueAt(source, ['optional']) === true
const at = (source: unknown, field: string): string => plainText(valueAt(source, [field]))

const writers: Readonly<Record<string, (source: unknown) => Lines>> = {
  hostPath: (source) => [
    ['Type', 'HostPath (bare host directory volume)'],
    ['Path', at(source, 'path')],
    ['HostPathType', valueAt(source, ['type']) === undefined ? none : at(source, 'type')],
  ],
  emptyDir: (source) => [
    ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"],
    ['Medium', at(source, 'medium')],
    ['SizeLimit', at(source, 'sizeLimit') || unset],
  ],
  secret: (source) => [
    ['Type', 'Secret (a volume populated by a Secret)'],
    ['SecretName', at(source, 'secretName')],
    ['Optional', String(optional(source))],
  ],
  configMap: (source) => [
    ['Type', 'ConfigMap (a volume populated by a ConfigMap)'],
    ['Name', at(source, 'name')],
    ['Optional', String(optional(source))],
  ],
  projected: (source) => [
    ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
    ...listAt(source, ['sources']).flatMap(projectedLines),
  ],
  downwardAPI: (source) => [
    ['Type', 'DownwardAPI (a volume populated by information about the pod)'],
    ['Items', undefined],
    ...listAt(source, ['items']).map((item): readonly [string, string] => {
      const from =
        textAt(item, ['fieldRef', 'fieldPath']) ?? textAt(item, ['resourceFieldRef', 'resource'])
      return ['', `${from ?? ''} -> ${at(item, 'path')}`]
    }),
  ],
  persistentVolumeClaim: (source) => [
    [
      'Type',
      'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
    ],
    ['ClaimName', at(source, 'claimName')],
    ['ReadOnly', String(valueAt(source, ['readOnly']) === true)],
  ],
  nfs: (source) => [
    ['Type', 'NFS (an NFS mount that lasts the lifetime of a pod)'],
    ['Server', at(source, 'server')],
    ['Path', at(source, 'path')],
    ['ReadOnly', String(valueAt(source, ['readOnly']) === true)],
  ],
}

/** Of PersistentVolumes. */
export const persistentSources: typeof writers = {
  hostPath: (source) => writers['hostPath']!(source),
  nfs: (source) => writers['nfs']!(source),
  local: (source) => [
    ['Type', 'LocalVolume (a persistent volume backed by local storage on a node)'],
    ['Path', at(source, 'path')],
  ],
  csi: (source) => [
    ['Type', 'CSI (a Container Storage Interface (CSI) volume source)'],
    ['Driver', at(source, 'driver')],
    ['FSType', at(source, 'fsType')],
    ['VolumeHandle', at(source, 'volumeHandle')],
    ['ReadOnly', String(valueAt(source, ['readOnly']) === true)],
    ...attributeLines(valueAt(source, ['volumeAttributes'])),
  ],
}

function attributeLines(attributes: unknown): Lines {
  const all = sorted(attributes).map(([key, value]) => `    ${key}=${plainText(value)}`)
  if (all.length === 0) return [['VolumeAttributes', none]]
  return all.map((line, index): Lines[number] => [index === 0 ? 'VolumeAttributes' : '', line])
}

function projectedLines(source: JsonObject): Lines {
  const { secret, configMap, downwardAPI, serviceAccountToken } = source
  if (secret !== undefined)
    return [
      ['SecretName', at(secret, 'name')],
      ['Optional', String(optional(secret))],
    ]
  if (downwardAPI !== undefined) return [['DownwardAPI', 'true']]
  if (configMap !== undefined)
    return [
      ['ConfigMapName', at(configMap, 'name')],
      ['Optional', String(optional(configMap))],
    ]
  if (serviceAccountToken === undefined) return []
  return [['TokenExpirationSeconds', numberAt(serviceAccountToken, ['expirationSeconds']) ?? 0]]
}
