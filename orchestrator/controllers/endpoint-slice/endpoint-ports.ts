import { isObject, listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'

/** A port as slices carry it. */
export interface EndpointPort extends JsonObject {
  name: string
  protocol: string
  port: number
  appProtocol?: string
}

/** The ports of a service at one pod; a named target that the pod does not have is left out. */
export function endpointPorts(service: KubeObject, pod: KubeObject): EndpointPort[] {
  return listAt(service, ['spec', 'ports']).flatMap((servicePort) => {
    const port = targetPort(servicePort, pod)
    if (port === undefined) return []
    const appProtocol = textAt(servicePort, ['appProtocol'])
    return [
      {
        name: textAt(servicePort, ['name']) ?? '',
        protocol: textAt(servicePort, ['protocol']) ?? 'TCP',
        port,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ]
  })
}

function targetPort(servicePort: JsonObject, pod: KubeObject): number | undefined {
  const target = servicePort['targetPort']
  if (typeof target === 'number' && target !== 0) return target
  if (typeof target !== 'string' || target === '') return numberAt(servicePort, ['port'])
  if (/^\d+$/.test(target)) return Number(target)
  const protocol = textAt(servicePort, ['protocol']) ?? 'TCP'
  return containerPorts(pod).find(
    (port) => port['name'] === target && (textAt(port, ['protocol']) ?? 'TCP') === protocol,
  )?.['containerPort'] as number | undefined
}

/** Those of the containers, and of init containers that keep running. */
function containerPorts(pod: KubeObject): JsonObject[] {
  const sidecars = listAt(pod, ['spec', 'initContainers']).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  )
  return [...listAt(pod, ['spec', 'containers']), ...sidecars].flatMap(({ ports }) =>
    Array.isArray(ports) ? ports.filter(isObject) : [],
  )
}

/** The addresses of a pod, the one of `status.podIP` where there is no list. */
export function podAddresses(pod: KubeObject): string[] {
  const list = listAt(pod, ['status', 'podIPs']).flatMap(({ ip }) =>
    typeof ip === 'string' ? [ip] : [],
  )
  const single = valueAt(pod, ['status', 'podIP'])
  return list.length > 0 ? list : typeof single === 'string' && single !== '' ? [single] : []
}

/** The label by which a pod of a headless service has a name of its own. */
export function endpointHostname(service: KubeObject, pod: KubeObject): string | undefined {
  const hostname = textAt(pod, ['spec', 'hostname'])
  return hostname && textAt(pod, ['spec', 'subdomain']) === service.metadata.name
    ? hostname
    : undefined
}
