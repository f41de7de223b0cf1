import type { Kind } from '../api/kind.ts'
import { isObject, listAt, numberAt, textAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { invalid } from '../api/status-error.ts'
import { invalidValue } from '../api/validation/field-error.ts'
import type { FieldError } from '../api/validation/field-error.ts'
import type { Admission } from './admission.ts'

// Addresses and node ports of services. What is taken is what the stored services have: there is no list beside them
// that could disagree.

/** 10.96.0.0/16, as other clusters have it. */
const addressPrefix = '10.96.'
const addressCount = 65_536
const firstNodePort = 30_000
const lastNodePort = 32_767

interface Taken {
  readonly addresses: ReadonlySet<string>
  readonly ports: ReadonlySet<number>
}

function takenBy(services: readonly KubeObject[]): Taken {
  return {
    addresses: new Set(services.flatMap((service) => textAt(service, ['spec', 'clusterIP']) ?? [])),
    ports: new Set(
      services.flatMap((service) => [
        ...listAt(service, ['spec', 'ports']).flatMap((port) => numberAt(port, ['nodePort']) ?? []),
        ...[numberAt(service, ['spec', 'healthCheckNodePort']) ?? []].flat(),
      ]),
    ),
  }
}

function freeAddress({ addresses }: Taken): string | undefined {
  // Begin anywhere: an address that was just given back should not be another service's at once.
  const start = Math.floor(Math.random() * addressCount)
  for (let step = 0; step < addressCount; step++) {
    const number = (start + step) % addressCount
    const address = `${addressPrefix}${number >> 8}.${number & 255}`
    const reserved = number < 16 || number === addressCount - 1
    if (!reserved && !addresses.has(address)) return address
  }
  return undefined
}

function freePort(ports: ReadonlySet<number>): number | undefined {
  const count = lastNodePort - firstNodePort + 1
  const start = Math.floor(Math.random() * count)
  for (let step = 0; step < count; step++) {
    const port = firstNodePort + ((start + step) % count)
    if (!ports.has(port)) return port
  }
  return undefined
}

function allocateAddress(spec: JsonObject, current: unknown, taken: Taken): FieldError[] {
  if (spec['type'] === 'ExternalName') {
    delete spec['clusterIP']
    delete spec['clusterIPs']
    return []
  }
  const kept = textAt(current, ['spec', 'clusterIP'])
  const wanted = spec['clusterIP'] || kept || freeAddress(taken)
  if (typeof wanted !== 'string') return [invalidValue('spec.clusterIPs', [], 'the range is full')]
  if (kept && kept !== wanted)
    return [invalidValue('spec.clusterIPs[0]', [wanted], 'may not change once set')]
  if (!kept && wanted !== 'None' && taken.addresses.has(wanted))
    return [
      invalidValue(
        'spec.clusterIPs',
        [wanted],
        `failed to allocate IP ${wanted}: provided IP is already allocated`,
      ),
    ]
  if (wanted !== 'None' && !/^(\d{1,3}\.){3}\d{1,3}$/.test(wanted))
    return [
      invalidValue(
        'spec.clusterIPs[0]',
        wanted,
        'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ),
    ]
  spec['clusterIP'] = wanted
  spec['clusterIPs'] = [wanted]
  return []
}

function allocatePorts(spec: JsonObject, current: unknown, taken: Taken): FieldError[] {
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : []
  if (spec['type'] !== 'NodePort' && spec['type'] !== 'LoadBalancer') {
    for (const port of ports) delete port['nodePort']
    return []
  }
  const own = new Set(listAt(current, ['spec', 'ports']).map((port) => port['nodePort']))
  const used = new Set(taken.ports)
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}].nodePort`
    if (port['nodePort']) {
      const wanted = Number(port['nodePort'])
      if (wanted < firstNodePort || wanted > lastNodePort)
        return [
          invalidValue(
            field,
            wanted,
            `provided port is not in the valid range. The range of valid ports is ${firstNodePort}-${lastNodePort}`,
          ),
        ]
      if (used.has(wanted) && !own.has(wanted))
        return [invalidValue(field, wanted, 'provided port is already allocated')]
      used.add(wanted)
      return []
    }
    const kept = listAt(current, ['spec', 'ports']).find(
      (before) => before['port'] === port['port'] && before['nodePort'],
    )
    const number = (kept && numberAt(kept, ['nodePort'])) ?? freePort(used)
    if (number === undefined) return [invalidValue(field, 0, 'no node port is free')]
    port['nodePort'] = number
    used.add(number)
    return []
  })
}

/** Where a load balancer asks for the nodes that have pods of the service. It stays as it is as long as there is one. */
function allocateHealthPort(spec: JsonObject, current: unknown, taken: Taken): FieldError[] {
  const field = 'spec.healthCheckNodePort'
  if (spec['type'] !== 'LoadBalancer' || spec['externalTrafficPolicy'] !== 'Local') {
    delete spec['healthCheckNodePort']
    return []
  }
  const kept = numberAt(current, ['spec', 'healthCheckNodePort'])
  const wanted = Number(spec['healthCheckNodePort'] || 0)
  if (kept && wanted && kept !== wanted) return [invalidValue(field, wanted, 'field is immutable')]
  if (!kept && wanted && taken.ports.has(wanted))
    return [invalidValue(field, wanted, 'provided port is already allocated')]
  const ports = listAt(spec, ['ports']).flatMap((port) => numberAt(port, ['nodePort']) ?? [])
  const number = kept || wanted || freePort(new Set([...taken.ports, ...ports]))
  if (number === undefined) return [invalidValue(field, 0, 'no node port is free')]
  spec['healthCheckNodePort'] = number
  return []
}

/** @param listServices every service of the cluster */
export function makeServiceAdmission(
  listServices: () => Promise<readonly KubeObject[]>,
): Admission {
  return async ({ operation, kind, object, current, subresource }) => {
    if (operation === 'DELETE' || subresource !== undefined || !isService(kind)) return
    if (!isObject(object.spec)) return
    const taken = takenBy(await listServices())
    const errors = [
      ...allocateAddress(object.spec, current, taken),
      ...allocatePorts(object.spec, current, taken),
      ...allocateHealthPort(object.spec, current, taken),
    ]
    if (errors.length > 0) throw invalid(kind, object.metadata.name ?? '', errors)
  }
}

function isService({ group, plural }: Kind): boolean {
  return group === '' && plural === 'services'
}
