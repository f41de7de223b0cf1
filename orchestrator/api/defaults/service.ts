import { isObject } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { itemsOf, setDefaults } from './set-default.ts'

const clientAffinitySeconds = 10_800

/** Defaults of a service; addresses and node ports are allocated, not defaulted. */
export function defaultService(_object: KubeObject, spec: JsonObject): void {
  setDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
  for (const port of itemsOf(spec, 'ports')) {
    setDefaults(port, { protocol: 'TCP' })
    // Zero and the empty string are what clients send for "the same".
    if (!port['targetPort']) port['targetPort'] = port['port']
  }
  if (spec['sessionAffinity'] === 'ClientIP')
    setDefaults(spec, {
      sessionAffinityConfig: { clientIP: { timeoutSeconds: clientAffinitySeconds } },
    })
  const type = spec['type']
  if (type === 'ExternalName') return
  setDefaults(spec, { internalTrafficPolicy: 'Cluster' })
  if (type === 'NodePort' || type === 'LoadBalancer' || hasExternalAddresses(spec))
    setDefaults(spec, { externalTrafficPolicy: 'Cluster' })
  if (type === 'LoadBalancer') setDefaults(spec, { allocateLoadBalancerNodePorts: true })
  if (isObject(spec['selector']) || spec['clusterIP'] !== 'None')
    setDefaults(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
}

function hasExternalAddresses(spec: JsonObject): boolean {
  return Array.isArray(spec['externalIPs']) && spec['externalIPs'].length > 0
}
