import { nodeRoles } from '../../../api/print/cells.ts'
import { listAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { StatusError } from '../../../api/status-error.ts'
import { objectPath } from '../../../client/resource-path.ts'
import type { Session } from '../session.ts'
import { writeNodeUse } from './node-use.ts'
import { annotations, heading, labels, list, sorted, timeAt, timeText } from './page.ts'
import type { Page } from './page.ts'
import { related, relatedKinds } from './related.ts'

const leaseNamespace = 'kube-node-lease'

export async function describeNode(page: Page, node: KubeObject, session: Session): Promise<void> {
  const { metadata, spec } = node
  heading(page, node)
  page.line(0, 'Roles:', nodeRoles(node))
  labels(page, node)
  annotations(page, metadata.annotations)
  page.line(0, 'CreationTimestamp:', timeAt(node, 'metadata', 'creationTimestamp'))
  list(page, 'Taints:', listAt(spec, ['taints']).map(taintText).toSorted())
  page.line(0, 'Unschedulable:', spec?.['unschedulable'] === true)
  await writeLease(page, node, session)
  writeConditions(page, node)
  writeLists(page, node)
  writeSystem(page, node)
  const range = textAt(spec, ['podCIDR'])
  const ranges = valueAt(spec, ['podCIDRs'])
  if (range) page.line(0, 'PodCIDR:', range)
  if (Array.isArray(ranges)) page.line(0, 'PodCIDRs:', ranges.map(plainText).join(','))
  const provider = textAt(spec, ['providerID'])
  if (provider) page.line(0, 'ProviderID:', provider)
  const fieldSelector = `spec.nodeName=${metadata.name ?? ''},status.phase!=Succeeded,status.phase!=Failed`
  writeNodeUse(page, node, await related(session, relatedKinds.pods, { fieldSelector }))
}

function taintText(taint: JsonObject): string {
  const value = plainText(taint['value'])
  return `${plainText(taint['key'])}${value === '' ? '' : `=${value}`}:${plainText(taint['effect'])}`
}

async function writeLease(page: Page, { metadata }: KubeObject, session: Session): Promise<void> {
  const of = { name: metadata.name ?? '', namespace: leaseNamespace }
  page.line(0, 'Lease:')
  try {
    const lease = await session.send({ path: objectPath(relatedKinds.leases, of) })
    page.line(1, 'HolderIdentity:', textAt(lease, ['spec', 'holderIdentity']) ?? '<unset>')
    page.line(1, 'AcquireTime:', timeAt(lease, 'spec', 'acquireTime'))
    page.line(1, 'RenewTime:', timeAt(lease, 'spec', 'renewTime'))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    page.raw(`Failed to get node lease: ${error.message}\n`)
  }
}

function writeConditions(page: Page, node: KubeObject): void {
  const titles = ['Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message']
  page.line(0, 'Conditions:')
  page.line(1, ...titles)
  page.line(1, ...titles.map((title) => (title === 'Type' ? '----' : '-'.repeat(title.length))))
  for (const condition of listAt(node, ['status', 'conditions']))
    page.line(
      1,
      `${plainText(condition['type'])} `,
      `${plainText(condition['status'])} `,
      `${timeText(condition['lastHeartbeatTime'])} `,
      `${timeText(condition['lastTransitionTime'])} `,
      `${plainText(condition['reason'])} `,
      condition['message'],
    )
}

function writeLists(page: Page, { status }: KubeObject): void {
  page.line(0, 'Addresses:')
  for (const { type, address } of listAt(status, ['addresses']))
    page.line(1, `${plainText(type)}:`, address)
  for (const [title, field] of [
    ['Capacity:', 'capacity'],
    ['Allocatable:', 'allocatable'],
  ] as const) {
    page.line(0, title)
    for (const [name, amount] of sorted(status?.[field])) page.line(1, `${name}:`, amount)
  }
}

const systemLines = [
  ['Machine ID', 'machineID'],
  ['System UUID', 'systemUUID'],
  ['Boot ID', 'bootID'],
  ['Kernel Version', 'kernelVersion'],
  ['OS Image', 'osImage'],
  ['Operating System', 'operatingSystem'],
  ['Architecture', 'architecture'],
  ['Container Runtime Version', 'containerRuntimeVersion'],
  ['Kubelet Version', 'kubeletVersion'],
  ['Kube-Proxy Version', 'kubeProxyVersion'],
] as const

function writeSystem(page: Page, { status }: KubeObject): void {
  page.line(0, 'System Info:')
  for (const [title, field] of systemLines)
    page.line(1, `${title}:`, textAt(status, ['nodeInfo', field]) ?? '')
}
