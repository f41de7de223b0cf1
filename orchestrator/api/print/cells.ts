import { isObject, listAt, numberAt, textAt, valueAt, plainText } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { ageColumn, ageOf, column, formatDuration, nameColumn, wide } from './column.ts'
import type { Column } from './column.ts'

// What stands in single cells, for the tables of the kinds.

export const none = '<none>'
export const unset = '<unset>'

export const text =
  (...path: (string | number)[]) =>
  (object: KubeObject) => {
    const value = valueAt(object, path)
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? plainText(value)
      : none
  }
export const number =
  (...path: string[]) =>
  (object: KubeObject) =>
    numberAt(object, path) ?? 0
export const size = (field: string) => (object: KubeObject) => {
  const value = object[field]
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0
}
export const flag =
  (...path: string[]) =>
  (object: KubeObject) =>
    valueAt(object, path) === true ? 'True' : 'False'

export function orNone(values: readonly unknown[]): string {
  return values.length === 0 ? none : values.map(plainText).join(',')
}

/** `a=b,c in (d)`. */
export function selectorText(selector: unknown): string {
  if (!isObject(selector)) return none
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : undefined
  const plain = labels ?? (selector['matchExpressions'] === undefined ? selector : {})
  const words = Object.entries(plain)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${plainText(value)}`)
  for (const { key, operator, values } of listAt(selector, ['matchExpressions'])) {
    const list = Array.isArray(values) ? values.map(plainText).join(',') : ''
    if (operator === 'Exists') words.push(plainText(key))
    else if (operator === 'DoesNotExist') words.push(`!${plainText(key)}`)
    else words.push(`${plainText(key)} ${plainText(operator).toLowerCase()} (${list})`)
  }
  return words.length === 0 ? none : words.join(',')
}

export const containerColumns = (...path: string[]): Column[] => [
  wide('Containers', (object) =>
    orNone(listAt(object, [...path, 'containers']).map(({ name }) => name)),
  ),
  wide('Images', (object) =>
    orNone(listAt(object, [...path, 'containers']).map(({ image }) => image)),
  ),
]
export const templateColumns = [
  ...containerColumns('spec', 'template', 'spec'),
  wide('Selector', (object) => selectorText(object.spec?.['selector'])),
]

export function nodeStatus(node: KubeObject): string {
  const ready = listAt(node, ['status', 'conditions']).find(({ type }) => type === 'Ready')
  const words = [
    ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady',
  ]
  if (node.spec?.['unschedulable'] === true) words.push('SchedulingDisabled')
  return words.join(',')
}

export const rolePrefix = 'node-role.kubernetes.io/'
export function nodeRoles(node: KubeObject): string {
  const keys = Object.keys(node.metadata.labels ?? {}).filter((key) => key.startsWith(rolePrefix))
  return orNone(keys.map((key) => key.slice(rolePrefix.length)).toSorted())
}

export const nodeAddress = (type: string) => (node: KubeObject) =>
  textAt(
    listAt(node, ['status', 'addresses']).find((address) => address['type'] === type),
    ['address'],
  ) ?? none

export function servicePorts(service: KubeObject): string {
  return orNone(
    listAt(service, ['spec', 'ports']).map(({ port, nodePort, protocol }) =>
      nodePort
        ? `${plainText(port)}:${plainText(nodePort)}/${plainText(protocol)}`
        : `${plainText(port)}/${plainText(protocol)}`,
    ),
  )
}

export function externalAddresses(service: KubeObject): string {
  const type = textAt(service, ['spec', 'type'])
  if (type === 'ExternalName') return textAt(service, ['spec', 'externalName']) ?? none
  const balanced = listAt(service, ['status', 'loadBalancer', 'ingress']).map(
    ({ ip, hostname }) => ip ?? hostname,
  )
  const own = valueAt(service, ['spec', 'externalIPs'])
  const all = [...balanced, ...(Array.isArray(own) ? own : [])]
  return all.length === 0 && type === 'LoadBalancer' ? '<pending>' : orNone(all)
}

export function jobStatus(job: KubeObject): string {
  const holds = (type: string) =>
    listAt(job, ['status', 'conditions']).some(
      (one) => one['type'] === type && one['status'] === 'True',
    )
  const words = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet']
  const found = words.find(holds)
  if (found) return found
  return job.metadata.deletionTimestamp === undefined ? 'Running' : 'Terminating'
}

export function jobCompletions(job: KubeObject): string {
  const done = numberAt(job, ['status', 'succeeded']) ?? 0
  const wanted = numberAt(job, ['spec', 'completions'])
  if (wanted !== undefined) return `${done}/${wanted}`
  const parallel = numberAt(job, ['spec', 'parallelism']) ?? 0
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`
}

export function jobDuration(job: KubeObject, now: Date): string {
  const start = textAt(job, ['status', 'startTime'])
  if (start === undefined) return ''
  const end = textAt(job, ['status', 'completionTime'])
  return formatDuration(
    ((end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(start)) / 1000,
  )
}

export function eventObject(event: KubeObject): string {
  const kind = textAt(event, ['involvedObject', 'kind']) ?? ''
  return `${kind.toLowerCase()}/${textAt(event, ['involvedObject', 'name']) ?? ''}`
}

export const eventSeen = (event: KubeObject, now: Date) =>
  ageOf(
    valueAt(event, ['series', 'lastObservedTime']) ??
      event['lastTimestamp'] ??
      event['firstTimestamp'] ??
      event['eventTime'] ??
      event.metadata.creationTimestamp,
    now,
  )

export function hosts(ingress: KubeObject): string {
  const names = listAt(ingress, ['spec', 'rules']).flatMap(({ host }) => host ?? [])
  return names.length === 0 ? '*' : names.map(plainText).join(',')
}

export function metrics(autoscaler: KubeObject): string {
  const list = listAt(autoscaler, ['spec', 'metrics'])
  const current = listAt(autoscaler, ['status', 'currentMetrics'])
  if (list.length === 0) return none
  const words = list.map((metric, index) => {
    const name = textAt(metric, ['resource', 'name'])
    const now = numberAt(current[index], ['resource', 'current', 'averageUtilization'])
    const target = numberAt(metric, ['resource', 'target', 'averageUtilization'])
    const prefix = name === undefined ? '' : `${name}: `
    return `${prefix}${now === undefined ? '<unknown>' : `${now}%`}/${target === undefined ? '<auto>' : `${target}%`}`
  })
  return words.join(', ')
}

const roleText = (object: KubeObject) =>
  `${text('roleRef', 'kind')(object)}/${text('roleRef', 'name')(object)}`
export const subjectsOf = (kind: string) => (object: KubeObject) =>
  listAt(object, ['subjects'])
    .filter((subject) => subject['kind'] === kind)
    .map(
      (subject) =>
        (subject['namespace'] ? `${plainText(subject['namespace'])}/` : '') +
        plainText(subject['name']),
    )
    .join(',')
export const createdAt = column('Created At', ({ metadata }) => metadata.creationTimestamp ?? '')
export const bindingColumns = [
  nameColumn,
  column('Role', roleText),
  ageColumn,
  wide('Users', subjectsOf('User')),
  wide('Groups', subjectsOf('Group')),
  wide('ServiceAccounts', subjectsOf('ServiceAccount')),
]
export const accessModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
export const modes = (part: 'spec' | 'status') => (object: KubeObject) => {
  const list = valueAt(object, [part, 'accessModes'])
  return Array.isArray(list) ? list.map((mode) => accessModes[plainText(mode)] ?? '').join(',') : ''
}
/** Of a claim: what it has of its volume, once it has one. */
export const whenBound = (cell: (object: KubeObject) => string) => (claim: KubeObject) =>
  textAt(claim, ['spec', 'volumeName']) ? cell(claim) : ''
export const quiet =
  (...path: string[]) =>
  (object: KubeObject) =>
    textAt(object, path) ?? ''

export function csrCondition(request: KubeObject): string {
  const types = listAt(request, ['status', 'conditions']).map(({ type }) => type)
  const words = ['Approved', 'Denied', 'Failed'].filter((type) => types.includes(type))
  if (textAt(request, ['status', 'certificate'])) words.push('Issued')
  return words.length === 0 ? 'Pending' : words.join(',')
}

export function endpointAddresses(endpoints: KubeObject): string {
  const all = listAt(endpoints, ['subsets']).flatMap((subset: JsonObject) =>
    listAt(subset, ['addresses']).flatMap(({ ip }) =>
      listAt(subset, ['ports']).map(({ port }) => `${plainText(ip)}:${plainText(port)}`),
    ),
  )
  if (all.length === 0) return none
  return all.length <= 3
    ? all.join(',')
    : `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`
}

export function orNotAvailable(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? plainText(value) : 'N/A'
}

export function unsetList(values: readonly unknown[]): string {
  if (values.length === 0) return unset
  const shown = values.slice(0, 3).map(plainText).join(',')
  return values.length > 3 ? `${shown} + ${values.length - 3} more...` : shown
}

/** Requests or limits of a quota: `pods: 1/4`. */
export function quotaText(quota: KubeObject, limits: boolean): string {
  const hard = valueAt(quota, ['status', 'hard']) ?? valueAt(quota, ['spec', 'hard'])
  if (!isObject(hard)) return ''
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === limits)
    .toSorted()
    .map(
      (name) =>
        `${name}: ${textAt(quota, ['status', 'used', name]) ?? '0'}/${plainText(hard[name])}`,
    )
    .join(', ')
}
