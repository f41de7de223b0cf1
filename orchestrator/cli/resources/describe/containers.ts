import { listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { writeEnvironment } from './container-environment.ts'
import { none, shown, sorted, timeText, truth } from './page.ts'
import type { Page } from './page.ts'

export interface ContainersOf {
  /** `Init Containers` */
  readonly title: string
  readonly containers: readonly JsonObject[]
  /** Absent for those of a template. */
  readonly statuses?: readonly JsonObject[]
  readonly pod?: KubeObject
}

/** Containers of a pod, or of the template of one, which are a space deeper. */
export function writeContainers(page: Page, of: ContainersOf): void {
  const { title, containers, statuses, pod } = of
  const isTemplate = pod === undefined
  const indent = isTemplate ? '  ' : ''
  page.line(0, `${indent}${title}:${containers.length === 0 ? ` ${none}` : ''}`)
  for (const container of containers) {
    const status = statuses?.find(({ name }) => name === container['name'])
    page.line(1, `${isTemplate ? ' ' : ''}${plainText(container['name'])}:`)
    writeImage(page, container, status)
    writeWords(page, 'Command', container['command'])
    writeWords(page, 'Args', container['args'])
    if (status) writeStatus(page, status)
    writeResources(page, container)
    writeProbes(page, container)
    writeEnvironment(page, container, pod)
    writeMounts(page, container)
  }
}

function writeImage(page: Page, container: JsonObject, status: JsonObject | undefined): void {
  if (status) page.line(2, 'Container ID:', status['containerID'])
  page.line(2, 'Image:', container['image'])
  if (status) page.line(2, 'Image ID:', status['imageID'])
  const ports = listAt(container, ['ports'])
  const text = (field: string): string =>
    ports.map((port) => `${numberAt(port, [field]) ?? 0}/${plainText(port['protocol'])}`).join(', ')
  const write = (title: string, list: string): void =>
    page.line(2, `${title}${list.includes(',') ? 's' : ''}:`, list || none)
  write('Port', text('containerPort'))
  write('Host Port', text('hostPort'))
  const seccomp = valueAt(container, ['securityContext', 'seccompProfile'])
  if (seccomp === undefined) return
  page.line(2, 'SeccompProfile:', textAt(seccomp, ['type']))
  if (textAt(seccomp, ['type']) === 'Localhost')
    page.line(2, 'LocalhostProfile:', textAt(seccomp, ['localhostProfile']))
}

function writeWords(page: Page, title: string, words: unknown): void {
  if (!Array.isArray(words) || words.length === 0) return
  page.line(2, `${title}:`)
  for (const line of words.flatMap((word) => plainText(word).split('\n'))) page.line(3, line)
}

function writeStatus(page: Page, status: JsonObject): void {
  writeState(page, 'State', status['state'])
  if (valueAt(status, ['lastState', 'terminated']) !== undefined)
    writeState(page, 'Last State', status['lastState'])
  page.line(2, 'Ready:', truth(status['ready']))
  page.line(2, 'Restart Count:', numberAt(status, ['restartCount']) ?? 0)
}

function writeState(page: Page, title: string, state: unknown): void {
  const running = valueAt(state, ['running'])
  const ended = valueAt(state, ['terminated'])
  if (running !== undefined) {
    page.line(2, `${title}:`, 'Running')
    return page.line(3, 'Started:', timeText(textAt(running, ['startedAt'])))
  }
  if (ended === undefined) {
    page.line(2, `${title}:`, 'Waiting')
    const reason = textAt(state, ['waiting', 'reason'])
    return reason ? page.line(3, 'Reason:', reason) : undefined
  }
  page.line(2, `${title}:`, 'Terminated')
  for (const field of ['reason', 'message'] as const) {
    const text = textAt(ended, [field])
    if (text) page.line(3, `${field === 'reason' ? 'Reason' : 'Message'}:`, text)
  }
  page.line(3, 'Exit Code:', numberAt(ended, ['exitCode']) ?? 0)
  const signal = numberAt(ended, ['signal']) ?? 0
  if (signal > 0) page.line(3, 'Signal:', signal)
  page.line(3, 'Started:', timeText(textAt(ended, ['startedAt'])))
  page.line(3, 'Finished:', timeText(textAt(ended, ['finishedAt'])))
}

function writeResources(page: Page, container: JsonObject): void {
  for (const list of ['limits', 'requests'] as const) {
    const amounts = sorted(valueAt(container, ['resources', list]))
    if (amounts.length > 0) page.line(2, list === 'limits' ? 'Limits:' : 'Requests:')
    for (const [name, amount] of amounts) page.line(3, `${name}:`, amount)
  }
}

function writeProbes(page: Page, container: JsonObject): void {
  const probes = [
    ['Liveness', container['livenessProbe']],
    ['Readiness', container['readinessProbe']],
    ['Startup', container['startupProbe']],
  ] as const
  for (const [title, probe] of probes)
    if (probe !== undefined) page.line(2, `${title}:`, probeText(probe))
}

function probeText(probe: unknown): string {
  const number = (field: string): number => numberAt(probe, [field]) ?? 0
  const at = (...path: string[]): string => plainText(valueAt(probe, path))
  const times = [
    `delay=${number('initialDelaySeconds')}s`,
    `timeout=${number('timeoutSeconds')}s`,
    `period=${number('periodSeconds')}s`,
    `#success=${number('successThreshold')}`,
    `#failure=${number('failureThreshold')}`,
  ].join(' ')
  const has = (field: string): boolean => valueAt(probe, [field]) !== undefined
  if (has('exec')) return `exec ${shown(valueAt(probe, ['exec', 'command']) ?? [])} ${times}`
  if (has('httpGet')) {
    const path = at('httpGet', 'path')
    const url = `${at('httpGet', 'scheme').toLowerCase()}://${at('httpGet', 'host')}:${at('httpGet', 'port')}`
    return `http-get ${url}${path.startsWith('/') ? '' : '/'}${path} ${times}`
  }
  if (has('tcpSocket'))
    return `tcp-socket ${at('tcpSocket', 'host')}:${at('tcpSocket', 'port')} ${times}`
  if (has('grpc')) return `grpc <pod>:${at('grpc', 'port')} ${at('grpc', 'service')} ${times}`
  return `unknown ${times}`
}

function writeMounts(page: Page, container: JsonObject): void {
  const mounts = listAt(container, ['volumeMounts']).toSorted((a, b) =>
    plainText(a['mountPath']) < plainText(b['mountPath']) ? -1 : 1,
  )
  page.line(2, 'Mounts:', ...(mounts.length === 0 ? [none] : []))
  for (const mount of mounts) {
    const subPath = textAt(mount, ['subPath'])
    const how = `${mount['readOnly'] === true ? 'ro' : 'rw'}${subPath ? `,path="${subPath}"` : ''}`
    page.line(3, `${plainText(mount['mountPath'])} from ${plainText(mount['name'])} (${how})`)
  }
  const devices = listAt(container, ['volumeDevices'])
  if (devices.length > 0) page.line(2, 'Devices:')
  for (const device of devices)
    page.line(3, `${plainText(device['devicePath'])} from ${plainText(device['name'])}`)
}
