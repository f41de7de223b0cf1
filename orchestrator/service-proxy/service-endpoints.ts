import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import { asProtocol } from './packet.ts'
import type { Protocol } from './packet.ts'

/** One backend of a service's port. */
export interface Endpoint {
  readonly address: string
  readonly port: number
  readonly isReady: boolean
  /** It goes, but still answers. */
  readonly isServingLast: boolean
  readonly node: string | undefined
  /** Zones and nodes that had better use it; undefined: no opinion. */
  readonly zones: readonly string[] | undefined
  readonly nodes: readonly string[] | undefined
}

export interface NodePlace {
  readonly nodeName: string
  readonly zone?: string | undefined
}

export interface ChosenEndpoints {
  /** For traffic that may go anywhere. */
  readonly anywhere: readonly Endpoint[]
  /** For traffic that has to stay on this node. */
  readonly here: readonly Endpoint[]
}

/** All backends of one port, as the slices of the service say; IPv4. */
export function endpointsOf(
  slices: readonly KubeObject[],
  port: { readonly name: string; readonly protocol: Protocol },
): Endpoint[] {
  const seen = new Set<string>()
  return slices
    .filter((slice) => slice['addressType'] === 'IPv4')
    .flatMap((slice) => {
      const number = listAt(slice, ['ports']).find(
        (one) =>
          (textAt(one, ['name']) ?? '') === port.name &&
          asProtocol(textAt(one, ['protocol'])) === port.protocol,
      )?.['port']
      return typeof number === 'number'
        ? listAt(slice, ['endpoints']).flatMap((one) => readEndpoint(one, number))
        : []
    })
    .filter(({ address, port: number }) => {
      // An endpoint that moves between slices is in both for a moment.
      const key = `${address} ${number}`
      return !seen.has(key) && seen.add(key)
    })
    .toSorted((one, other) =>
      one.address < other.address ? -1 : Number(one.address > other.address),
    )
}

function readEndpoint(endpoint: JsonObject, port: number): Endpoint[] {
  // Of several addresses the first counts, as the API says.
  const address = valueAt(endpoint, ['addresses', 0])
  if (typeof address !== 'string') return []
  const isReady = valueAt(endpoint, ['conditions', 'ready']) !== false
  const serving = valueAt(endpoint, ['conditions', 'serving']) ?? isReady
  const names = (field: string): string[] | undefined => {
    const list = listAt(endpoint, ['hints', field])
    return list.length > 0 ? list.flatMap((one) => textAt(one, ['name']) ?? []) : undefined
  }
  return [
    {
      address,
      port,
      isReady,
      isServingLast: serving === true && valueAt(endpoint, ['conditions', 'terminating']) === true,
      node: textAt(endpoint, ['nodeName']),
      zones: names('forZones'),
      nodes: names('forNodes'),
    },
  ]
}

/** Ready ones; where there are none, those that go but still answer. */
export function chooseEndpoints(endpoints: readonly Endpoint[], place: NodePlace): ChosenEndpoints {
  return {
    anywhere: nearest(usable(endpoints), place),
    here: usable(endpoints.filter(({ node }) => node === place.nodeName)),
  }
}

function usable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter(({ isReady }) => isReady)
  return ready.length > 0 ? ready : endpoints.filter(({ isServingLast }) => isServingLast)
}

/** Hints count only where every endpoint has one and some of them mean us. */
function nearest(endpoints: readonly Endpoint[], place: NodePlace): readonly Endpoint[] {
  const onNode = endpoints.filter(({ nodes }) => nodes?.includes(place.nodeName))
  if (onNode.length > 0 && endpoints.every(({ nodes }) => nodes)) return onNode
  const inZone = endpoints.filter(({ zones }) => zones?.includes(place.zone ?? ''))
  return inZone.length > 0 && endpoints.every(({ zones }) => zones) ? inZone : endpoints
}

/** A port of a service. */
export interface ServicePort {
  readonly name: string
  readonly protocol: Protocol
  readonly port: number
  readonly nodePort: number | undefined
}

export function portsOf(service: KubeObject): ServicePort[] {
  return listAt(service, ['spec', 'ports']).flatMap((port) => {
    const number = numberAt(port, ['port'])
    if (number === undefined) return []
    return [
      {
        name: textAt(port, ['name']) ?? '',
        protocol: asProtocol(textAt(port, ['protocol'])),
        port: number,
        nodePort: numberAt(port, ['nodePort']) || undefined,
      },
    ]
  })
}
