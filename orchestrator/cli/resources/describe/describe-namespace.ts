import { parseQuantity } from '../../../api/quantity.ts'
import { listAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import type { Session } from '../session.ts'
import { annotations, heading, labels, sorted } from './page.ts'
import type { Page } from './page.ts'
import { related, relatedKinds } from './related.ts'

export async function describeNamespace(
  page: Page,
  namespace: KubeObject,
  session: Session,
): Promise<void> {
  const within = { namespace: namespace.metadata.name }
  heading(page, namespace)
  labels(page, namespace)
  annotations(page, namespace.metadata.annotations)
  page.line(0, 'Status:', textAt(namespace, ['status', 'phase']))
  writeConditions(page, listAt(namespace, ['status', 'conditions']))
  writeQuotas(page, await related(session, relatedKinds.quotas, within))
  writeLimits(page, await related(session, relatedKinds.limitRanges, within))
}

function writeConditions(page: Page, conditions: readonly JsonObject[]): void {
  if (conditions.length === 0) return
  page.line(0, 'Conditions:')
  page.line(1, 'Type', 'Status', 'LastTransitionTime', 'Reason', 'Message')
  page.line(1, '----', '------', '------------------', '------', '-------')
  for (const { type, status, lastTransitionTime, reason, message } of conditions)
    page.line(1, type, status, lastTransitionTime, reason, message)
}

function writeQuotas(page: Page, quotas: readonly KubeObject[]): void {
  if (quotas.length === 0) return page.raw('\nNo resource quota.\n')
  page.raw('\nResource Quotas\n')
  for (const quota of quotas) {
    page.line(0, '  Name:', quota.metadata.name)
    page.line(0, '  Resource', 'Used', 'Hard')
    page.line(0, '  --------', '---', '---')
    writeAmounts(page, quota, '  ')
    page.raw('')
  }
}

function writeAmounts(page: Page, { status }: KubeObject, indent: string): void {
  for (const [name, hard] of sorted(status?.['hard']))
    page.line(0, `${indent}${name}`, valueAt(status, ['used', name]) ?? '0', hard)
}

const bounds = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'] as const

function writeLimits(page: Page, ranges: readonly KubeObject[]): void {
  if (ranges.length === 0) return page.raw('\nNo LimitRange resource.\n')
  page.raw('\nResource Limits\n')
  page.line(
    0,
    ' Type',
    'Resource',
    'Min',
    'Max',
    'Default Request',
    'Default Limit',
    'Max Limit/Request Ratio',
  )
  page.line(
    0,
    ' ----',
    '--------',
    '---',
    '---',
    '---------------',
    '-------------',
    '-----------------------',
  )
  for (const range of ranges) writeRange(page, range, ' ')
}

function writeRange(page: Page, range: KubeObject, indent: string): void {
  for (const limit of listAt(range, ['spec', 'limits'])) {
    const names = new Set(bounds.flatMap((bound) => sorted(limit[bound]).map(([name]) => name)))
    for (const name of [...names].toSorted()) {
      const cells = bounds.map((bound) => plainText(valueAt(limit, [bound, name])) || '-')
      page.line(0, `${indent}${plainText(limit['type'])}`, name, ...cells)
    }
  }
}

export function describeLimitRange(page: Page, range: KubeObject): void {
  heading(page, range)
  page.line(
    0,
    'Type',
    'Resource',
    'Min',
    'Max',
    'Default Request',
    'Default Limit',
    'Max Limit/Request Ratio',
  )
  page.line(
    0,
    '----',
    '--------',
    '---',
    '---',
    '---------------',
    '-------------',
    '-----------------------',
  )
  writeRange(page, range, '')
}

export function describeQuota(page: Page, quota: KubeObject): void {
  heading(page, quota)
  const scopes = valueAt(quota, ['spec', 'scopes'])
  if (Array.isArray(scopes) && scopes.length > 0) page.line(0, 'Scopes:', scopes.join(', '))
  page.line(0, 'Resource', 'Used', 'Hard')
  page.line(0, '--------', '----', '----')
  writeAmounts(page, quota, '')
}

/** For sums of amounts. */
export function quantityOf(value: unknown): number {
  return parseQuantity(value) ?? 0
}
