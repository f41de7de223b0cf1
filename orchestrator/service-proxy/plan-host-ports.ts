import type { KubeObject } from '../api/object.ts'
import { isObject, listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { addressPortKey, asProtocol, backendData, protocolPortKey } from './packet.ts'
import { hairpin } from './plan-service.ts'
import { emptyPart } from './table-part.ts'
import type { PlacedElement, TablePart } from './table-part.ts'

/** The ports of the node that a pod has taken for itself. Pure. */
export function planHostPorts(pod: KubeObject): TablePart {
  const address = textAt(pod, ['status', 'podIP'])
  const phase = textAt(pod, ['status', 'phase'])
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  if (!address || address.includes(':') || isOver) return emptyPart
  if (valueAt(pod, ['spec', 'hostNetwork']) === true) return emptyPart
  const elements = containerPorts(pod).flatMap((port) => hostPort(port, address))
  return elements.length === 0
    ? emptyPart
    : { ...emptyPart, elements: [...elements, hairpin(address)] }
}

function containerPorts(pod: KubeObject): JsonObject[] {
  const containers = [
    ...listAt(pod, ['spec', 'containers']),
    ...listAt(pod, ['spec', 'initContainers']),
  ]
  return containers.flatMap(({ ports }) => (Array.isArray(ports) ? ports.filter(isObject) : []))
}

function hostPort(port: JsonObject, address: string): PlacedElement[] {
  const number = numberAt(port, ['hostPort'])
  const target = numberAt(port, ['containerPort'])
  if (!number || target === undefined) return []
  const protocol = asProtocol(textAt(port, ['protocol']))
  const data = backendData(address, target)
  const hostIp = textAt(port, ['hostIP']) ?? ''
  if (hostIp.includes(':')) return []
  if (hostIp === '' || hostIp === '0.0.0.0')
    return [{ set: 'host-ports', element: { key: protocolPortKey(protocol, number), data } }]
  return [
    { set: 'host-ports-bound', element: { key: addressPortKey(hostIp, protocol, number), data } },
  ]
}
