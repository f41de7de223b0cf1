import { OperationError } from '../../native/error.ts'
import type { NetworkDriver } from './network.ts'
import type { NewNetwork, NewPool } from './network-store.ts'

// What `network create` was told, as what a network is made from. Pure.

/** Words of the command line, each checked by itself. */
export interface NetworkWords {
  readonly name: string
  readonly driver: string
  readonly subnets: readonly string[]
  readonly gateways: readonly string[]
  readonly ipRanges: readonly string[]
  readonly internal: boolean
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
  const pools = { ipv4: poolOf(words, 4), ipv6: poolOf(words, 6) }
  if (driver === 'none') refuseAll(words)
  const { options } = words
  return {
    name: words.name,
    driver,
    ...pools.ipv4,
    ...(words.ipv6 || pools.ipv6.subnet !== undefined ? { ipv6: pools.ipv6 } : {}),
    internal: words.internal,
    dns: driver === 'bridge' && !words.disableDns,
    ...readOptions(driver, options),
    labels: words.labels,
    options,
  }
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

/** Of each family one: a range, a gateway in it, and a part of it that is given out. */
function poolOf({ subnets, gateways, ipRanges }: NetworkWords, version: 4 | 6): NewPool {
  const [subnet, ...more] = ofFamily(subnets, version)
  const [gateway, ...moreGateways] = ofFamily(gateways, version)
  const [range, ...moreRanges] = ofFamily(ipRanges, version)
  if (more.length + moreGateways.length + moreRanges.length > 0)
    throw new OperationError(
      'UNSUPPORTED',
      `give a network several IPv${version} ranges`,
      { subnets: subnets.join(' ') },
      { hint: 'One --subnet, --gateway and --ip-range of each family; make a second network' },
    )
  const needs = gateway === undefined ? '--ip-range' : '--gateway'
  if (subnet === undefined && (gateway ?? range) !== undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `use ${needs} without a subnet of its family`,
      { given: gateway ?? range ?? '' },
      { hint: 'Give --subnet as well', exitCode: 1 },
    )
  return {
    ...(subnet === undefined ? {} : { subnet }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(range === undefined ? {} : { range }),
  }
}

function ofFamily(texts: readonly string[], version: 4 | 6): string[] {
  return texts.filter((text) => text.includes(':') === (version === 6))
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
