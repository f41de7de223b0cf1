import { OperationError } from '../../native/error.ts'

/** Addresses of one family that a network hands out. */
export interface AddressPool {
  /** `10.88.0.0/16` */
  readonly subnet: string
  /** Address of the bridge, and the containers' default route. */
  readonly gateway: string
  /** The part of the subnet that containers are given addresses of; absent: all of it. */
  readonly range?: string | undefined
  /** Addresses that others have, by what they are called: no container gets one. */
  readonly reserved?: Readonly<Record<string, string>> | undefined
}

/** Whether an address of a pool, as `formatAddress` writes it, is nobody's to be given. */
export function isReserved({ gateway, reserved = {} }: AddressPool, address: string): boolean {
  return address === gateway || Object.values(reserved).includes(address)
}

/** `--route`. */
export interface NetworkRoute {
  /** `10.9.0.0/16` */
  readonly destination: string
  readonly gateway: string
}

/** How a network's containers are connected: by a bridge, as children of an interface of the host, or not at all. */
export type NetworkDriver = 'bridge' | 'macvlan' | 'ipvlan' | 'none'

/** A network as users make it; its kernel objects follow from it at any time. */
export interface Network {
  /** 64 hexadecimal digits. */
  readonly id: string
  readonly name: string
  /** Absent: `bridge`. */
  readonly driver?: NetworkDriver | undefined
  /** Name of the bridge device; empty where there is none. */
  readonly bridge: string
  /** Interface of the host that containers share, of macvlan and ipvlan. */
  readonly parent?: string | undefined
  /** Of macvlan and ipvlan, as `-o mode=` has it. */
  readonly mode?: string | undefined
  /** Empty texts where containers get no IPv4 addresses. */
  readonly ipv4: AddressPool
  readonly ipv6?: AddressPool | undefined
  /** More ranges of either family; a container's address of a family is of one of them. */
  readonly further?: readonly AddressPool[] | undefined
  /** Containers reach each other and nobody else. */
  readonly internal: boolean
  /** Containers find each other by name; user-defined networks only. */
  readonly dns: boolean
  /** What the network's name server asks; absent: those of the host. */
  readonly nameServers?: readonly string[] | undefined
  /** What containers reach by neighbours other than the gateway. */
  readonly routes?: readonly NetworkRoute[] | undefined
  /** Bytes; absent: as the interface of the host's default route. */
  readonly mtu?: number | undefined
  readonly labels: Readonly<Record<string, string>>
  /** `-o`, as given. */
  readonly options?: Readonly<Record<string, string>> | undefined
  /** ISO 8601 */
  readonly created: string
}

/** Where networks live; the engine's folders fit. */
export interface NetworkFolders {
  readonly runDir: string
  readonly dataDir: string
  /** Set where the state is not in the user's default folders. */
  readonly root: string | undefined
}

/** Every range of a family, in the order in which addresses are taken of them. */
export function poolsOf(
  { ipv4, ipv6, further = [] }: Pick<Network, 'ipv4' | 'ipv6' | 'further'>,
  family: 'ipv4' | 'ipv6',
): readonly AddressPool[] {
  const first = family === 'ipv6' ? ipv6 : ipv4.subnet === '' ? undefined : ipv4
  const isIpv6 = family === 'ipv6'
  const more = further.filter(({ subnet }) => subnet.includes(':') === isIpv6)
  return first ? [first, ...more] : more
}

export function driverOf({ driver = 'bridge' }: Pick<Network, 'driver'>): NetworkDriver {
  return driver
}

/** Marks an interface of the host as made for the network with that id, so that another engine's is never taken for ours. */
export function linkAlias(id: string): string {
  return `mycontainer network ${id}`
}

/** Whether its containers ask a name server of the network's own; those of macvlan and ipvlan reach none of the host's. */
export function hasNameServer(network: Pick<Network, 'driver' | 'dns'>): boolean {
  return network.dns && driverOf(network) === 'bridge'
}

export const defaultNetworkName = 'bridge'
const aliases: Readonly<Record<string, string>> = { podman: 'bridge', default: 'bridge' }
const reserved = new Set(['host', 'none', 'container', 'private', 'ns'])

/** The name that an alias stands for: docker and podman call the default network differently. */
export function canonicalNetworkName(name: string): string {
  return Object.hasOwn(aliases, name) ? (aliases[name] ?? name) : name
}

/** @throws {OperationError} `INVALID_ARGUMENT` for a name that cannot be a file name or is taken by a mode */
export function requireNetworkName(name: string): void {
  const fits = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)
  if (fits && !reserved.has(name) && !Object.hasOwn(aliases, name)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'name a network',
    { name },
    {
      hint: fits
        ? 'This name is a network mode; choose another'
        : 'Start with a letter or digit, go on with letters, digits, "_", "." and "-", at most 128',
    },
  )
}

/**
 * Name of our nftables table. State folders of their own (`--root`) get a table of their own, so
 * that two engines on one machine cannot undo each other's rules.
 */
export function firewallTableName(folders: NetworkFolders): string {
  if (folders.root === undefined) return 'mycontainer'
  return `mycontainer-${shortHash(folders.root)}`
}

/** 48 bits of FNV-1a as hexadecimal digits: only to tell folders apart, and without loading crypto. */
function shortHash(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n
  for (const byte of Buffer.from(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n)
  return hash.toString(16).padStart(16, '0').slice(0, 12)
}
