import { OperationError } from '../../native/error.ts'
import type { NetworkDriver } from './network.ts'
import { formatAddress, requireAddress } from './ip-address.ts'
import type { NewNetwork, NewPool } from './network-store.ts'
import { type Subnet, contains, parseSubnet } from './subnet.ts'

// What `network create` was told, as what a network is made from. Pure.

/** Words of the command line, each checked by itself. */
export interface NetworkWords {
  readonly name: string
  readonly driver: string
  readonly subnets: readonly string[]
  readonly gateways: readonly string[]
  readonly ipRanges: readonly string[]
  /** Addresses that others have, by name. */
  readonly reserved?: Readonly<Record<string, string>> | undefined
  /** Addresses of name servers to ask. */
  readonly dns?: readonly string[] | undefined
  /** `DESTINATION,GATEWAY` each. */
  readonly routes?: readonly string[] | undefined
  readonly internal: boolean
  /** False: none, where there would be one else. */
  readonly ipv4?: boolean | undefined
  readonly ipv6: boolean
  readonly disableDns: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

const drivers: readonly NetworkDriver[] = ['bridge', 'macvlan', 'ipvlan', 'none']

/** The first is what a network has that was not told. */
const modes: Readonly<Partial<Record<NetworkDriver, readonly string[]>>> = {
  macvlan: ['bridge', 'private', 'vepa', 'passthru'],
  ipvlan: ['l2', 'l3', 'l3s'],
}

/** @throws {OperationError} `INVALID_ARGUMENT` saying which words do not go together */
export function readNetworkWords(words: NetworkWords): NewNetwork {
  const driver = readDriver(words.driver)
  const [ipv4, ...more4] = poolsFrom(words, 'ipv4')
  const [ipv6, ...more6] = poolsFrom(words, 'ipv6')
  const further = [...more4, ...more6]
  if (driver === 'none') refuseAll(words)
  const { options } = words
  return {
    name: words.name,
    driver,
    ...ipv4,
    ...(lacksIpv4(words) ? { ipv4: false } : {}),
    ...(words.ipv6 || ipv6 ? { ipv6: ipv6 ?? {} } : {}),
    ...(further.length > 0 ? { further } : {}),
    internal: words.internal,
    dns: driver !== 'none' && !words.disableDns,
    ...readNameServers(driver, words),
    ...readRoutes(words.routes ?? []),
    ...readOptions(driver, options),
    labels: words.labels,
    options,
  }
}

/**
 * As podman has it: with an IPv6 range alone, unless --ipv6 asks for both; and as docker has it: --ipv4=false.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` where no family would be left
 */
function lacksIpv4({ subnets, ipv4, ipv6 }: NetworkWords): boolean {
  const has4 = ofFamily(subnets, 'ipv4').length > 0
  const has6 = ofFamily(subnets, 'ipv6').length > 0
  if (ipv4 !== false) return has6 && !has4 && !ipv6
  if (!has4 && (has6 || ipv6)) return true
  throw new OperationError(
    'INVALID_ARGUMENT',
    'IPv4 or IPv6 must be enabled',
    {},
    {
      hint: has4
        ? 'Leave the IPv4 --subnet out, or --ipv4=false'
        : 'Add --ipv6, or leave --ipv4=false out',
      exitCode: 1,
    },
  )
}

function readNameServers(
  driver: NetworkDriver,
  { dns = [], disableDns }: NetworkWords,
): Pick<NewNetwork, 'nameServers'> {
  if (dns.length === 0) return {}
  if (driver === 'bridge' && !disableDns) return { nameServers: dns }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'give name servers to a network whose names nobody answers',
    { driver },
    {
      hint: 'Leave --dns out here, and give it to the containers: mycontainer run --dns',
      exitCode: 1,
    },
  )
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
function readRoutes(texts: readonly string[]): Pick<NewNetwork, 'routes'> {
  if (texts.length === 0) return {}
  const routes = texts.map((text) => {
    const [destination = '', gateway = '', ...rest] = text.split(',')
    const range = destination.includes('/') ? parseSubnet(destination) : undefined
    const address = requireAddress(gateway, 'the gateway of a route')
    if (range && range.address.length === address.length && rest.length === 0)
      return { destination, gateway }
    throw new OperationError(
      'INVALID_ARGUMENT',
      `read the route ${text}`,
      {},
      { hint: 'Write --route DESTINATION,GATEWAY, such as 10.9.0.0/16,10.89.0.5', exitCode: 1 },
    )
  })
  return { routes }
}

function readDriver(text: string): NetworkDriver {
  if (text === 'null') return 'none'
  const driver = drivers.find((one) => one === text)
  if (driver) return driver
  throw new OperationError(
    'INVALID_ARGUMENT',
    `could not find plugin ${text} in v1 plugin registry: plugin not found`,
    { driver: text },
    { hint: `There are the drivers ${drivers.join(', ')}`, exitCode: 1 },
  )
}

function refuseAll({ subnets, gateways, ipRanges, ipv6, options }: NetworkWords): void {
  const given = subnets.length + gateways.length + ipRanges.length + Object.keys(options).length
  if (given === 0 && !ipv6) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'give addresses or options to a network of driver none',
    {},
    { hint: 'Its containers have their loopback interface alone: leave them out', exitCode: 1 },
  )
}

/** The ranges of a family, each with the gateway and the part to give out that lie in it. */
function poolsFrom(words: NetworkWords, family: 'ipv4' | 'ipv6'): NewPool[] {
  const subnets = ofFamily(words.subnets, family).map((text) => ({
    text,
    subnet: parseSubnet(text),
  }))
  const gateways = placeIn(subnets, '--gateway', ofFamily(words.gateways, family), (text) =>
    requireAddress(text, 'a gateway'),
  )
  const ranges = placeIn(
    subnets,
    '--ip-range',
    ofFamily(words.ipRanges, family),
    (text) => parseSubnet(text).address,
  )
  const reserved = Map.groupBy(
    Object.entries(words.reserved ?? {})
      .filter(([, address]) => address.includes(':') === (family === 'ipv6'))
      .map(([name, address]) => [name, formatAddress(requireAddress(address, name))] as const),
    ([, address]) =>
      aroundOf(subnets, '--aux-address', address, requireAddress(address, 'it')).text,
  )
  return subnets.map(({ text }) => ({
    subnet: text,
    ...(gateways.has(text) ? { gateway: gateways.get(text) } : {}),
    ...(ranges.has(text) ? { range: ranges.get(text) } : {}),
    ...(reserved.has(text) ? { reserved: Object.fromEntries(reserved.get(text) ?? []) } : {}),
  }))
}

interface WrittenSubnet {
  readonly text: string
  readonly subnet: Subnet
}

/** By subnet what lies in it. @throws {OperationError} `INVALID_ARGUMENT` for what lies in none, and for a second one */
function placeIn(
  subnets: readonly WrittenSubnet[],
  flag: string,
  values: readonly string[],
  addressOf: (text: string) => Uint8Array,
): ReadonlyMap<string, string> {
  const placed = new Map<string, string>()
  for (const value of values) {
    const around = aroundOf(subnets, flag, value, addressOf(value))
    if (placed.has(around.text))
      throw new OperationError(
        'INVALID_ARGUMENT',
        `use ${flag} twice for one subnet`,
        { subnet: around.text },
        { hint: 'Once for each --subnet', exitCode: 1 },
      )
    placed.set(around.text, value)
  }
  return placed
}

/** @throws {OperationError} `INVALID_ARGUMENT` for what lies in no subnet */
function aroundOf(
  subnets: readonly WrittenSubnet[],
  flag: string,
  value: string,
  address: Uint8Array,
): WrittenSubnet {
  const around = subnets.find(({ subnet }) => contains(subnet, address))
  if (around) return around
  throw new OperationError(
    'INVALID_ARGUMENT',
    `no matching subnet for ${flag} ${value}`,
    { subnets: subnets.map(({ text }) => text).join(',') },
    { hint: 'It has to lie in a --subnet of its family', exitCode: 1 },
  )
}

function ofFamily(texts: readonly string[], family: 'ipv4' | 'ipv6'): string[] {
  return texts.filter((text) => text.includes(':') === (family === 'ipv6'))
}

type Setting = 'parent' | 'mode' | 'mtu' | 'bridge'

/** Every driver's options, by docker's names and by podman's. */
const settings: Readonly<Record<NetworkDriver, Readonly<Record<string, Setting>>>> = {
  bridge: {
    mtu: 'mtu',
    'com.docker.network.driver.mtu': 'mtu',
    'com.docker.network.bridge.name': 'bridge',
  },
  macvlan: { parent: 'parent', mode: 'mode', macvlan_mode: 'mode', mtu: 'mtu' },
  ipvlan: { parent: 'parent', mode: 'mode', ipvlan_mode: 'mode', mtu: 'mtu' },
  none: {},
}

function readOptions(
  driver: NetworkDriver,
  options: Readonly<Record<string, string>>,
): Pick<NewNetwork, 'parent' | 'mode' | 'mtu' | 'bridge'> {
  const known = settings[driver]
  const values = new Map<Setting, string>()
  for (const [name, value] of Object.entries(options)) {
    const setting = Object.hasOwn(known, name) ? known[name] : undefined
    if (setting === undefined) throw unknownOption(driver, name)
    values.set(setting, value)
  }
  const mode = readMode(driver, values.get('mode'))
  const [parent, mtu, bridge] = [values.get('parent'), values.get('mtu'), values.get('bridge')]
  return {
    ...(parent === undefined ? {} : { parent: requireInterfaceName(parent) }),
    ...(mode === undefined ? {} : { mode }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(bridge === undefined ? {} : { bridge: requireInterfaceName(bridge) }),
  }
}

function unknownOption(driver: NetworkDriver, name: string): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    `create a network with option ${name}`,
    { driver },
    { hint: `Options of this driver: ${Object.keys(settings[driver]).join(', ')}`, exitCode: 1 },
  )
}

function readMode(driver: NetworkDriver, mode: string | undefined): string | undefined {
  const known = modes[driver]
  if (known === undefined || mode === undefined) return known?.[0]
  if (known.includes(mode)) return mode
  throw new OperationError(
    'INVALID_ARGUMENT',
    `requested ${driver} mode '${mode}' is not valid`,
    { mode },
    { hint: `Modes of ${driver}: ${known.join(', ')}`, exitCode: 1 },
  )
}

/** As the kernel takes it (dev_valid_name). */
function requireInterfaceName(name: string): string {
  if (/^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..') return name
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read the name of an interface',
    { name },
    { hint: 'At most 15 characters, without spaces, slashes and colons', exitCode: 1 },
  )
}
