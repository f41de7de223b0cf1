import type { KubeObject } from '../../api/object.ts'
import { listAt, plainText, textAt, valueAt } from '../../api/object.ts'

// The variables of docker's links, which every container sees unless `enableServiceLinks` is false.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables

/** Where the service of the API server itself lives: its variables are seen from every namespace. */
const masterNamespace = 'default'
const masterServices: ReadonlySet<string> = new Set(['kubernetes'])

/** @param links `spec.enableServiceLinks`: whether the other services of the namespace count too */
export function serviceVariables(
  services: readonly KubeObject[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, KubeObject>()
  for (const service of services) {
    const { name = '', namespace: home } = service.metadata
    const address = textAt(service, ['spec', 'clusterIP']) ?? ''
    if (address === '' || address === 'None') continue
    const isMaster = home === masterNamespace && masterServices.has(name)
    // One's own namespace wins over the master's.
    if (home === namespace && (links || isMaster)) chosen.set(name, service)
    else if (isMaster && !chosen.has(name)) chosen.set(name, service)
  }
  return new Map([...chosen.values()].flatMap(variablesOf))
}

function variablesOf(service: KubeObject): [string, string][] {
  const address = textAt(service, ['spec', 'clusterIP']) ?? ''
  const ports = listAt(service, ['spec', 'ports'])
  const first = ports[0]
  if (!first) return []
  const name = variableName(service.metadata.name ?? '')
  const found: [string, string][] = [
    [`${name}_SERVICE_HOST`, address],
    [`${name}_SERVICE_PORT`, plainText(first['port'])],
  ]
  for (const port of ports) {
    const label = textAt(port, ['name']) ?? ''
    if (label !== '')
      found.push([`${name}_SERVICE_PORT_${variableName(label)}`, plainText(port['port'])])
  }
  return [...found, ...ports.flatMap((port, index) => linkVariables(name, address, port, index))]
}

function linkVariables(
  service: string,
  address: string,
  port: unknown,
  index: number,
): [string, string][] {
  const protocol = textAt(port, ['protocol']) ?? 'TCP'
  const number = plainText(valueAt(port, ['port']))
  const host = address.includes(':') ? `[${address}]` : address
  const url = `${protocol.toLowerCase()}://${host}:${number}`
  const prefix = `${service}_PORT_${number}_${protocol.toUpperCase()}`
  return [
    ...(index === 0 ? ([[`${service}_PORT`, url]] as [string, string][]) : []),
    [prefix, url],
    [`${prefix}_PROTO`, protocol.toLowerCase()],
    [`${prefix}_PORT`, number],
    [`${prefix}_ADDR`, address],
  ]
}

function variableName(text: string): string {
  return text.replaceAll('-', '_').toUpperCase()
}
