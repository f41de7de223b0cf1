import { formatSeconds } from './go-duration.ts'
import { selectorText } from '../../../api/print/cells.ts'
import { isObject, listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject } from '../../../api/object.ts'
import { writeContainers } from './containers.ts'
import { annotations, list } from './page.ts'
import type { Page } from './page.ts'
import { writeVolumes } from './volumes.ts'

export function writePodTemplate(page: Page, template: unknown): void {
  page.line(0, 'Pod Template:')
  const spec = valueAt(template, ['spec'])
  page.map('  Labels', valueAt(template, ['metadata', 'labels']))
  const notes = valueAt(template, ['metadata', 'annotations'])
  if (isObject(notes) && Object.keys(notes).length > 0) annotations(page, notes, '  Annotations')
  const account = textAt(spec, ['serviceAccountName'])
  if (account) page.line(0, '  Service Account:', account)
  const inits = listAt(spec, ['initContainers'])
  if (inits.length > 0) writeContainers(page, { title: 'Init Containers', containers: inits })
  writeContainers(page, { title: 'Containers', containers: listAt(spec, ['containers']) })
  writeVolumes(page, listAt(spec, ['volumes']), true)
  writeSpread(page, spec, '  ')
  const priority = textAt(spec, ['priorityClassName'])
  if (priority) page.line(0, '  Priority Class Name:', priority)
  writePlacement(page, spec, '  ')
}

/** Which nodes a pod can be on. @param indent before the titles */
export function writePlacement(page: Page, spec: unknown, indent = ''): void {
  page.map(`${indent}Node-Selectors`, valueAt(spec, ['nodeSelector']))
  const lines = listAt(spec, ['tolerations'])
    .toSorted((a, b) =>
      plainText(a['key']) < plainText(b['key']) ? -1 : Number(a['key'] !== b['key']),
    )
    .map(tolerationText)
  list(page, `${indent}Tolerations:`, lines)
}

function tolerationText(toleration: JsonObject): string {
  const at = (field: string): string => plainText(toleration[field])
  const seconds = numberAt(toleration, ['tolerationSeconds'])
  const what = `${at('key')}${at('value') && `=${at('value')}`}${at('effect') && `:${at('effect')}`}`
  return [
    ...(what === '' ? [] : [what]),
    ...(at('operator') === 'Exists' && at('value') === '' ? ['op=Exists'] : []),
    ...(seconds === undefined ? [] : [`for ${formatSeconds(seconds)}`]),
  ].join(' ')
}

export function writeSpread(page: Page, spec: unknown, indent = ''): void {
  const constraints = listAt(spec, ['topologySpreadConstraints'])
  if (constraints.length === 0) return
  const lines = constraints
    .toSorted((a, b) => (plainText(a['topologyKey']) < plainText(b['topologyKey']) ? -1 : 1))
    .map((each) => {
      const selector = each['labelSelector']
      const what = `${plainText(each['topologyKey'])}:${plainText(each['whenUnsatisfiable'])}`
      const which = selector === undefined ? '' : ` for selector ${selectorText(selector)}`
      return `${what} when max skew ${plainText(each['maxSkew'])} is exceeded${which}`
    })
  list(page, `${indent}Topology Spread Constraints:`, lines)
}
