import { listAt, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { parseQuantity } from '../../../api/quantity.ts'
import { none } from './page.ts'
import type { Page } from './page.ts'

/** @param pod absent for the template of one, whose fields have no values yet */
export function writeEnvironment(page: Page, container: JsonObject, pod?: KubeObject): void {
  const sources = listAt(container, ['envFrom'])
  if (sources.length > 0) page.line(2, 'Environment Variables from:')
  for (const source of sources) writeSource(page, source)
  const variables = listAt(container, ['env'])
  if (variables.length === 0) return page.line(2, 'Environment:', none)
  page.line(2, 'Environment:')
  for (const variable of variables) writeVariable(page, variable, container, pod)
}

function writeSource(page: Page, source: JsonObject): void {
  const field = source['configMapRef'] === undefined ? 'secretRef' : 'configMapRef'
  const kind = field === 'secretRef' ? 'Secret' : 'ConfigMap'
  const prefix = textAt(source, ['prefix']) ?? ''
  page.line(
    3,
    textAt(source, [field, 'name']),
    prefix === '' ? kind : `${kind} with prefix '${prefix}'`,
    `Optional: ${String(valueAt(source, [field, 'optional']) === true)}`,
  )
}

function writeVariable(
  page: Page,
  variable: JsonObject,
  container: JsonObject,
  pod: KubeObject | undefined,
): void {
  const name = `${textAt(variable, ['name']) ?? ''}:`
  const from = variable['valueFrom']
  const at = (...path: string[]): string => textAt(from, path) ?? ''
  if (from === undefined) {
    const lines = (textAt(variable, ['value']) ?? '').split('\n')
    for (const [index, line] of lines.entries()) page.line(3, index === 0 ? name : '', line)
    return
  }
  if (valueAt(from, ['fieldRef']) !== undefined) {
    const path = at('fieldRef', 'fieldPath')
    const version = at('fieldRef', 'apiVersion') || 'v1'
    return page.line(3, name, `${fieldValue(pod, path)} (${version}:${path})`)
  }
  if (valueAt(from, ['resourceFieldRef']) !== undefined)
    return page.line(
      3,
      name,
      `${resourceValue(valueAt(from, ['resourceFieldRef']), container, pod)} (${at('resourceFieldRef', 'resource')})`,
    )
  const field = valueAt(from, ['secretKeyRef']) === undefined ? 'configMapKeyRef' : 'secretKeyRef'
  const where = field === 'secretKeyRef' ? 'in secret' : 'of config map'
  page.line(
    3,
    name,
    `<set to the key '${at(field, 'key')}' ${where} '${at(field, 'name')}'>`,
    `Optional: ${String(valueAt(from, [field, 'optional']) === true)}`,
  )
}

function fieldValue(pod: KubeObject | undefined, path: string): string {
  const [, list, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  const steps = list === undefined || key === undefined ? path.split('.') : ['metadata', list, key]
  return textAt(pod, steps) ?? ''
}

/** An amount of a container in units of the divisor, rounded up. */
function resourceValue(
  reference: unknown,
  container: JsonObject,
  pod: KubeObject | undefined,
): string {
  const [list = '', name = ''] = (textAt(reference, ['resource']) ?? '').split('.')
  const wanted = textAt(reference, ['containerName']) ?? container['name']
  const all = pod ? listAt(pod, ['spec', 'containers']) : [container]
  const from = all.find((each) => each['name'] === wanted) ?? container
  const divisor = parseQuantity(textAt(reference, ['divisor']) ?? '1')
  const amount = parseQuantity(valueAt(from, ['resources', list, name])) ?? 0
  if (amount === 0 && list === 'limits' && (name === 'cpu' || name === 'memory'))
    return 'node allocatable'
  return String(Math.ceil(Number((amount / (divisor || 1)).toFixed(6))))
}
