import { OperationError } from '../../native/error.ts'
import { canonicalNetworkName, defaultNetworkName } from '../network/network.ts'
import type { NetworkMode, NetworkOptions, NetworkWish } from './options.ts'

// Which networks a container's options name, and how that changes. Pure.

/** A network as a container's state has it. */
interface NetworkIdentity {
  readonly network: string
  readonly networkId: string
}

/** Names, or ids, of the networks that a container is to be in. */
export function namedNetworks(mode: NetworkMode): readonly string[] {
  if (mode.kind === 'networks') return mode.names
  return mode.kind === 'bridge' ? [defaultNetworkName] : []
}

/** Whether options name a network: by its name, another name of the default one, or the start of its id. */
export function isNamed(mode: NetworkMode, { network, networkId }: NetworkIdentity): boolean {
  return namedNetworks(mode).some((name) => means(name, { network, networkId }))
}

function means(name: string, { network, networkId }: NetworkIdentity): boolean {
  if (canonicalNetworkName(name) === network) return true
  return /^[0-9a-f]{1,64}$/.test(name) && networkId.startsWith(name)
}

/**
 * What is wanted in one network: what was said with its name, and what was said for all of them.
 */
export function wishFor(
  { mode, ip, ip6, mac, aliases }: NetworkOptions,
  name: string,
): NetworkWish & { readonly aliases: readonly string[] } {
  const own = mode.kind === 'networks' ? mode.wishes?.[name] : undefined
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === undefined ? {} : { mac }),
    ...own,
    aliases: [...new Set([...aliases, ...(own?.aliases ?? [])])],
  }
}

/**
 * Options with one more network, the last one. What was said for all networks is from here on said
 * for those alone that there were.
 */
export function withNetwork(
  options: NetworkOptions,
  name: string,
  wish: NetworkWish,
): NetworkOptions {
  const before = namedNetworks(options.mode)
  const wishes = [
    ...before.map((one) => [one, wishFor(options, one)] as const),
    [name, wish] as const,
  ]
  return {
    ...withoutWishes(options),
    mode: {
      kind: 'networks',
      names: [...before, name],
      wishes: Object.fromEntries(wishes.filter(([, one]) => !isEmpty(one))),
    },
  }
}

function isEmpty({ aliases = [], ...others }: NetworkWish): boolean {
  return aliases.length === 0 && Object.keys(others).length === 0
}

function withoutWishes(options: NetworkOptions): NetworkOptions {
  const { ip: _ip, ip6: _ip6, mac: _mac, ...others } = options
  return { ...others, aliases: [] }
}

/** Options without one of their networks; a container may be left with none. */
export function withoutNetwork(options: NetworkOptions, left: NetworkIdentity): NetworkOptions {
  const names = namedNetworks(options.mode).filter((name) => !means(name, left))
  const wishes = names
    .map((name) => [name, wishFor(options, name)] as const)
    .filter(([, wish]) => !isEmpty(wish))
  return {
    ...withoutWishes(options),
    mode: { kind: 'networks', names, wishes: Object.fromEntries(wishes) },
  }
}

/**
 * Networks of its own are what a container must have for one to be added or taken away.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` in docker's words
 */
export function requireOwnNetworks(mode: NetworkMode, verb: 'connect' | 'disconnect'): void {
  const words = refusals[verb][mode.kind]
  if (words !== undefined) throw refuse(words, { mode: mode.kind })
}

const shared =
  'container sharing network namespace with another container or host cannot be connected to any other network'
const refusals: Readonly<
  Record<'connect' | 'disconnect', Readonly<Partial<Record<NetworkMode['kind'], string>>>>
> = {
  connect: {
    none: 'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    host: shared,
    container: shared,
    path: shared,
  },
  disconnect: {
    none: 'container is not connected to any network',
    host: 'container cannot be disconnected from host network or connected to host network',
    container: shared,
    path: shared,
  },
}

/**
 * Networks that are modes: nobody comes into them while it runs, nor leaves them.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` in docker's words
 */
export function requireNoMode(network: string, mode: NetworkMode): void {
  if (network === 'host')
    throw refuse(
      'container cannot be disconnected from host network or connected to host network',
      { network },
    )
  if (network === 'none' && mode.kind !== 'none')
    throw refuse(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      { network },
    )
}

function refuse(words: string, detail: Readonly<Record<string, string>>): OperationError {
  return new OperationError('INVALID_ARGUMENT', words, detail, {
    hint: 'How such a container is connected is said when it is made: make another one with --network NAME',
    exitCode: 1,
  })
}
