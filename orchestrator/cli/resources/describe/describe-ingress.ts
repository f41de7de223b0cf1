import { listAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { objectPath } from '../../../client/resource-path.ts'
import { StatusError } from '../../../api/status-error.ts'
import type { Session } from '../session.ts'
import { endpointSlices, endpointsText } from './describe-service.ts'
import { annotations, labels, none } from './page.ts'
import type { Page } from './page.ts'

const services = { group: '', version: 'v1', plural: 'services', namespaced: true }

export async function describeIngress(
  page: Page,
  ingress: KubeObject,
  session: Session,
): Promise<void> {
  const { metadata, spec } = ingress
  const addresses = listAt(ingress, ['status', 'loadBalancer', 'ingress'])
  page.line(0, 'Name:', metadata.name)
  labels(page, ingress)
  page.line(0, 'Namespace:', metadata.namespace)
  const address = addresses.map(({ ip, hostname }) => plainText(ip) || plainText(hostname))
  page.line(0, 'Address:', address.join(','))
  page.line(0, 'Ingress Class:', textAt(spec, ['ingressClassName']) ?? none)
  const usual = spec?.['defaultBackend']
  const namespace = metadata.namespace
  page.line(
    0,
    'Default backend:',
    usual === undefined ? '<default>' : await backendText(session, namespace, usual),
  )
  writeTls(page, ingress)
  const rules = listAt(spec, ['rules'])
  page.line(0, 'Rules:')
  page.line(1, 'Host', 'Path', 'Backends')
  page.line(1, '----', '----', '--------')
  for (const rule of rules) {
    page.line(1, `${textAt(rule, ['host']) ?? '*'} `, '')
    for (const path of listAt(rule, ['http', 'paths']))
      page.line(
        1,
        '',
        `${textAt(path, ['path']) ?? ''} `,
        await backendText(session, namespace, path['backend']),
      )
  }
  if (rules.length === 0)
    page.line(
      1,
      '*',
      '*',
      usual === undefined ? '<default>' : await backendText(session, namespace, usual),
    )
  annotations(page, metadata.annotations)
}

function writeTls(page: Page, { spec }: KubeObject): void {
  const tls = listAt(spec, ['tls'])
  if (tls.length === 0) return
  page.line(0, 'TLS:')
  for (const each of tls) {
    const hosts = valueAt(each, ['hosts'])
    const secret = textAt(each, ['secretName'])
    const names = Array.isArray(hosts) ? hosts.map(plainText).join(',') : ''
    page.line(1, secret ? `${secret} terminates ${names}` : `SNI routes ${names}`)
  }
}

/** `web:80 (10.244.0.2:80)`. */
async function backendText(
  session: Session,
  namespace: string | undefined,
  backend: unknown,
): Promise<string> {
  const name = textAt(backend, ['service', 'name'])
  if (name === undefined) {
    const at = (field: string): string => textAt(backend, ['resource', field]) ?? ''
    return `APIGroup: ${at('apiGroup')}, Kind: ${at('kind')}, Name: ${at('name')}`
  }
  const port =
    valueAt(backend, ['service', 'port', 'number']) ?? valueAt(backend, ['service', 'port', 'name'])
  const text = `${name}:${plainText(port)}`
  try {
    const path = objectPath(services, { name, namespace })
    const service = (await session.send({ path })) as KubeObject
    const own = listAt(service, ['spec', 'ports']).find(
      (each) => each['port'] === port || each['name'] === port,
    )
    const slices = await endpointSlices(session, service)
    return `${text} (${endpointsText(slices, plainText(own?.['name']))})`
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return `${text} (<error: ${error.message}>)`
  }
}
