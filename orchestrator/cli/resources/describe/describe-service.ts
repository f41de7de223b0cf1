import { listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { selectorText } from '../../../api/print/cells.ts'
import type { Session } from '../session.ts'
import { annotations, heading, labels, none, unset } from './page.ts'
import type { Page } from './page.ts'
import { related, relatedKinds } from './related.ts'

export async function describeService(
  page: Page,
  service: KubeObject,
  session: Session,
): Promise<void> {
  const { spec } = service
  const text = (field: string): string => plainText(spec?.[field])
  heading(page, service)
  labels(page, service)
  annotations(page, service.metadata.annotations)
  page.line(0, 'Selector:', selectorText(spec?.['selector']))
  page.line(0, 'Type:', text('type'))
  if (text('ipFamilyPolicy')) page.line(0, 'IP Family Policy:', text('ipFamilyPolicy'))
  page.line(0, 'IP Families:', texts(spec?.['ipFamilies']).join(',') || none)
  page.line(0, 'IP:', text('clusterIP'))
  page.line(0, 'IPs:', texts(spec?.['clusterIPs']).join(',') || none)
  const external = texts(spec?.['externalIPs'])
  if (external.length > 0) page.line(0, 'External IPs:', external.join(','))
  if (text('loadBalancerIP')) page.line(0, 'Desired LoadBalancer IP:', text('loadBalancerIP'))
  if (text('externalName')) page.line(0, 'External Name:', text('externalName'))
  writeIngress(page, service)
  const slices = await endpointSlices(session, service)
  for (const port of listAt(spec, ['ports'])) writePort(page, port, slices)
  writePolicies(page, service)
}

function writeIngress(page: Page, service: KubeObject): void {
  const given = listAt(service, ['status', 'loadBalancer', 'ingress'])
  if (given.length === 0) return
  const text = given.map((each) => {
    const mode = plainText(each['ipMode'])
    const address = plainText(each['ip']) || plainText(each['hostname'])
    return mode === '' ? address : `${address} (${mode})`
  })
  page.line(0, 'LoadBalancer Ingress:', text.join(', '))
}

function writePort(page: Page, port: JsonObject, slices: readonly KubeObject[]): void {
  const name = plainText(port['name'])
  const protocol = plainText(port['protocol'])
  page.line(0, 'Port:', name || unset, `${plainText(port['port'])}/${protocol}`)
  page.line(0, 'TargetPort:', `${plainText(port['targetPort'])}/${protocol}`)
  const nodePort = numberAt(port, ['nodePort']) ?? 0
  if (nodePort !== 0) page.line(0, 'NodePort:', name || unset, `${nodePort}/${protocol}`)
  page.line(0, 'Endpoints:', endpointsText(slices, name))
}

function writePolicies(page: Page, { spec }: KubeObject): void {
  const rows = [
    ['External Traffic Policy', 'externalTrafficPolicy'],
    ['Internal Traffic Policy', 'internalTrafficPolicy'],
    ['Traffic Distribution', 'trafficDistribution'],
  ] as const
  page.line(0, 'Session Affinity:', spec?.['sessionAffinity'])
  for (const [title, field] of rows)
    if (spec?.[field] !== undefined) page.line(0, `${title}:`, spec[field])
  const health = numberAt(spec, ['healthCheckNodePort']) ?? 0
  if (health !== 0) page.line(0, 'HealthCheck NodePort:', health)
  const ranges = texts(spec?.['loadBalancerSourceRanges'])
  if (ranges.length > 0) page.line(0, 'LoadBalancer Source Ranges:', ranges.join(','))
}

export async function endpointSlices(session: Session, service: KubeObject): Promise<KubeObject[]> {
  const { name = '', namespace } = service.metadata
  return related(session, relatedKinds.slices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${name}`,
  })
}

const mostEndpoints = 3

/** Addresses that are ready behind a port of a service, three of them at most. */
export function endpointsText(slices: readonly KubeObject[], portName: string): string {
  if (slices.length === 0) return none
  const all = slices.flatMap((slice) =>
    listAt(slice, ['ports'])
      .filter((port) => plainText(port['name']) === portName)
      .flatMap((port) =>
        listAt(slice, ['endpoints'])
          .filter((endpoint) => valueAt(endpoint, ['conditions', 'ready']) !== false)
          .flatMap((endpoint) => texts(endpoint['addresses']))
          .map((address) => {
            const host = textAt(slice, ['addressType']) === 'IPv6' ? `[${address}]` : address
            return `${host}:${plainText(port['port'])}`
          }),
      ),
  )
  const more = all.length - mostEndpoints
  return `${all.slice(0, mostEndpoints).join(',')}${more > 0 ? ` + ${more} more...` : ''}`
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
