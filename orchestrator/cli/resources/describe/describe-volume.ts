import { accessModes } from '../../../api/print/cells.ts'
import { listAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { texts } from './describe-service.ts'
import { annotations, heading, labels, none, sorted, truth, unset } from './page.ts'
import type { Page } from './page.ts'
import { persistentSources } from './volumes.ts'

export function describeVolume(page: Page, volume: KubeObject): void {
  const field = (...path: string[]): string => textAt(volume, path) ?? ''
  const claim = valueAt(volume, ['spec', 'claimRef'])
  const modes = texts(valueAt(volume, ['spec', 'accessModes']))
  const isLeaving = volume.metadata.deletionTimestamp !== undefined
  heading(page, volume)
  labels(page, volume)
  annotations(page, volume.metadata.annotations)
  page.line(0, 'Finalizers:', volume.metadata.finalizers ?? [])
  page.line(0, 'StorageClass:', field('spec', 'storageClassName'))
  page.line(0, 'Status:', isLeaving ? 'Terminating' : field('status', 'phase'))
  page.line(
    0,
    'Claim:',
    claim === undefined
      ? ''
      : `${textAt(claim, ['namespace']) ?? ''}/${textAt(claim, ['name']) ?? ''}`,
  )
  page.line(0, 'Reclaim Policy:', field('spec', 'persistentVolumeReclaimPolicy'))
  page.line(0, 'Access Modes:', modes.map((mode) => accessModes[mode] ?? mode).join(','))
  const mode = textAt(volume, ['spec', 'volumeMode'])
  if (mode !== undefined) page.line(0, 'VolumeMode:', mode)
  page.line(0, 'Capacity:', field('spec', 'capacity', 'storage'))
  writeAffinity(page, volume)
  page.line(0, 'Message:', field('status', 'message'))
  page.raw('Source:\n')
  writeSource(page, volume)
}

function writeAffinity(page: Page, volume: KubeObject): void {
  const affinity = valueAt(volume, ['spec', 'nodeAffinity'])
  if (affinity === undefined) return page.line(0, 'Node Affinity:', none)
  page.line(0, 'Node Affinity:', '')
  const terms = listAt(affinity, ['required', 'nodeSelectorTerms'])
  if (terms.length === 0) return page.line(1, 'Required Terms:', none)
  page.line(1, 'Required Terms:', '')
  for (const [index, term] of terms.entries())
    writeTerm(page, 2, index, listAt(term, ['matchExpressions']).map(requirement))
}

function writeTerm(page: Page, level: number, index: number, lines: readonly string[]): void {
  page.line(level, `Term ${index}:`, lines[0] ?? none)
  for (const line of lines.slice(1)) page.line(level, '', line)
}

function requirement(expression: JsonObject): string {
  const values = texts(expression['values'])
  const start = `${plainText(expression['key'])} ${plainText(expression['operator']).toLowerCase()}`
  return values.length === 0 ? start : `${start} [${values.join(', ')}]`
}

function writeSource(page: Page, volume: KubeObject): void {
  const spec = volume.spec ?? {}
  const type = Object.keys(persistentSources).find((each) => spec[each] !== undefined)
  if (type === undefined) return page.line(1, '<unknown>')
  for (const [title, value] of persistentSources[type]!(spec[type]))
    page.line(2, title === '' ? '' : `${title}:`, value)
}

const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export function describeStorageClass(page: Page, storage: KubeObject): void {
  const { name, annotations: notes } = storage.metadata
  const expansion = storage['allowVolumeExpansion']
  page.line(0, 'Name:', name)
  page.line(
    0,
    'IsDefaultClass:',
    defaultMarks.some((mark) => notes?.[mark] === 'true') ? 'Yes' : 'No',
  )
  page.line(0, 'Annotations:', pairs(notes))
  page.line(0, 'Provisioner:', storage['provisioner'])
  page.line(0, 'Parameters:', pairs(storage['parameters']))
  page.line(0, 'AllowVolumeExpansion:', expansion === undefined ? unset : truth(expansion))
  const options = texts(storage['mountOptions'])
  if (options.length === 0) page.line(0, 'MountOptions:', none)
  else page.raw(`MountOptions:\n${options.map((option) => `  ${option}\n`).join('')}`)
  if (storage['reclaimPolicy'] !== undefined)
    page.line(0, 'ReclaimPolicy:', storage['reclaimPolicy'])
  if (storage['volumeBindingMode'] !== undefined)
    page.line(0, 'VolumeBindingMode:', storage['volumeBindingMode'])
  const topologies = listAt(storage, ['allowedTopologies'])
  if (topologies.length === 0) return
  page.line(0, 'AllowedTopologies:', '')
  for (const [index, term] of topologies.entries()) {
    const lines = listAt(term, ['matchLabelExpressions']).map(
      ({ key, values }) => `${plainText(key)} in [${texts(values).join(', ')}]`,
    )
    writeTerm(page, 1, index, lines)
  }
}

function pairs(entries: unknown): string {
  const all = sorted(entries).map(([key, value]) => `${key}=${plainText(value)}`)
  return all.length === 0 ? none : all.join(',')
}
