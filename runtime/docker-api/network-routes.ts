import { networkDocument } from '../cli/output/network-document.ts'
import { type Answer, type ApiCall, type Route, noContent, ok } from './api-call.ts'
import { noSuch, orNoSuch } from './api-error.ts'
import {
  anyOf,
  isTrue,
  labelsMatch,
  readFilters,
  requireFilters,
  timeOf,
  valuesOf,
} from './filters.ts'
import {
  booleanField,
  mapField,
  objectField,
  objectsField,
  textField,
  textsField,
} from './json-fields.ts'
import type { NetworkSummary } from '../cli/engine.ts'

export const networkRoutes: readonly Route[] = [
  ['GET', '/networks', list],
  ['POST', '/networks/create', create],
  ['POST', '/networks/prune', prune],
  ['GET', '/networks/*', inspect],
  ['DELETE', '/networks/*', remove],
  ['POST', '/networks/*/connect', connect],
  ['POST', '/networks/*/disconnect', disconnect],
]

/** Networks without a bridge that docker lists too. */
function standing(name: 'host' | 'none'): NetworkSummary {
  return {
    id: (name === 'host' ? '1' : '2').repeat(64),
    name,
    created: '1970-01-01T00:00:00Z',
    driver: name === 'host' ? 'host' : 'null',
    bridgeName: '',
    subnets: [],
    internal: false,
    ipv4: true,
    ipv6: false,
    dns: false,
    labels: {},
    options: {},
    containers: [],
  }
}

async function all({ engine }: ApiCall): Promise<NetworkSummary[]> {
  return [...(await engine.networkList()), standing('host'), standing('none')]
}

async function networkOf(call: ApiCall): Promise<NetworkSummary> {
  const {
    engine,
    parameters: [name = ''],
  } = call
  const own = [standing('host'), standing('none')].find(
    (one) => one.name === name || (name.length >= 12 && one.id.startsWith(name)),
  )
  return own ?? orNoSuch('network', name, () => engine.networkInspect(name))
}

function documentOf(network: NetworkSummary): Record<string, unknown> {
  const containers = Object.fromEntries(
    network.containers.map(({ id, name, ipv4, ipv6, mac }) => [
      id,
      {
        Name: name,
        EndpointID: id,
        MacAddress: mac,
        IPv4Address: withPrefix(network, ipv4, '.'),
        IPv6Address: withPrefix(network, ipv6, ':'),
      },
    ]),
  )
  return {
    ...networkDocument(network),
    Attachable: false,
    ConfigFrom: { Network: '' },
    Containers: containers,
  }
}

/** Docker writes the length of the subnet behind it. */
function withPrefix(
  { subnets }: NetworkSummary,
  address: string | undefined,
  kind: string,
): string {
  if (address === undefined) return ''
  const found = subnets.find(({ subnet }) => subnet.includes(kind))
  return `${address}/${found?.subnet.split('/')[1] ?? ''}`
}

const networkFilters = ['dangling', 'driver', 'id', 'label', 'label!', 'name', 'scope', 'type']

async function list(call: ApiCall): Promise<Answer> {
  const filters = requireFilters(readFilters(call.query), networkFilters)
  const found = (await all(call)).filter(
    (network) =>
      labelsMatch(filters, network.labels) &&
      anyOf(filters, 'name', (value) => nameFits(network.name, value)) &&
      anyOf(filters, 'id', (value) => network.id.startsWith(value)) &&
      anyOf(filters, 'driver', (value) => network.driver === value) &&
      anyOf(filters, 'dangling', (value) => isTrue(value) === isUnused(network)) &&
      anyOf(filters, 'scope', (value) => value === 'local') &&
      anyOf(filters, 'type', (value) => (value === 'builtin') === isBuiltIn(network.name)),
  )
  return ok(found.map(documentOf))
}

function nameFits(name: string, value: string): boolean {
  try {
    return new RegExp(value).test(name)
  } catch {
    return name.includes(value)
  }
}

function isUnused({ name, containers }: NetworkSummary): boolean {
  return containers.length === 0 && !isBuiltIn(name)
}

function isBuiltIn(name: string): boolean {
  return ['bridge', 'host', 'none'].includes(name)
}

async function create(call: ApiCall): Promise<Answer> {
  const body = await call.json()
  const ranges = objectsField(objectField(body, 'IPAM'), 'Config')
  const texts = (field: string): string[] =>
    ranges.flatMap((range) => textField(range, field) ?? [])
  const created = await call.engine.networkCreate({
    name: textField(body, 'Name') ?? '',
    driver: textField(body, 'Driver') ?? 'bridge',
    subnets: texts('Subnet'),
    gateways: texts('Gateway'),
    ipRanges: texts('IPRange'),
    reserved: Object.fromEntries(
      ranges.flatMap((range) => Object.entries(mapField(range, 'AuxiliaryAddresses'))),
    ),
    internal: booleanField(body, 'Internal'),
    // Docker's networks have IPv4 unless it is refused, whatever their ranges are.
    ...(body['EnableIPv4'] === false ? { ipv4: false } : {}),
    ipv6: booleanField(body, 'EnableIPv6') || texts('Subnet').some((one) => one.includes(':')),
    disableDns: false,
    labels: mapField(body, 'Labels'),
    options: mapField(body, 'Options'),
  })
  return ok({ Id: created.id, Warning: '' }, 201)
}

async function inspect(call: ApiCall): Promise<Answer> {
  return ok(documentOf(await networkOf(call)))
}

async function remove(call: ApiCall): Promise<Answer> {
  const network = await networkOf(call)
  await call.engine.networkRemove(network.name, { force: false })
  return noContent
}

async function connect(call: ApiCall): Promise<Answer> {
  const network = await networkOf(call)
  const body = await call.json()
  const endpoint = objectField(body, 'EndpointConfig')
  const addresses = objectField(endpoint, 'IPAMConfig')
  const container = await containerNamed(call, textField(body, 'Container'))
  await call.engine.networkConnect({
    network: network.name,
    container,
    aliases: textsField(endpoint, 'Aliases'),
    ip: textField(addresses, 'IPv4Address'),
    ip6: textField(addresses, 'IPv6Address'),
    mac: textField(endpoint, 'MacAddress'),
  })
  return ok('')
}

async function disconnect(call: ApiCall): Promise<Answer> {
  const network = await networkOf(call)
  const body = await call.json()
  const container = await containerNamed(call, textField(body, 'Container'))
  const force = booleanField(body, 'Force')
  await call.engine.networkDisconnect(network.name, container, { force })
  return ok('')
}

/** Id of the container that a client means. */
async function containerNamed({ engine }: ApiCall, name: string | undefined): Promise<string> {
  if (name === undefined) throw noSuch('container', '')
  return orNoSuch('container', name, async () => (await engine.inspect(name)).record.id)
}

async function prune({ engine, query }: ApiCall): Promise<Answer> {
  const filters = readFilters(query)
  const { deleted } = await engine.networkPrune({
    until: timeOf(valuesOf(filters, 'until')[0]),
    labels: valuesOf(filters, 'label'),
    notLabels: valuesOf(filters, 'label!'),
  })
  return ok({ NetworksDeleted: deleted })
}
