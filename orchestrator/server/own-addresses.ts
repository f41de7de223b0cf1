import { hostname, networkInterfaces } from 'node:os'

/** By what other machines can call one that listens on all of its addresses. IPv4 before IPv6; none that is only good here. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outside = all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
  const ofFamily = (wanted: string): string[] =>
    outside.filter(({ family }) => family === wanted).map(({ address }) => address)
  return [...ofFamily('IPv4'), ...ofFamily('IPv6')]
}

export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The names and addresses in a certificate for whoever listens there. */
export function listeningNames(host: string): string[] {
  return isEveryAddress(host) ? [...ownAddresses(), hostname().toLowerCase()] : [host]
}

/**
 * The address that a client on another machine is told.
 * @param names given by who runs the server: the first is what it wants to be called by
 */
export function reachableAddress(host: string, names: readonly string[] = []): string {
  if (!isEveryAddress(host)) return host
  return names[0] ?? ownAddresses()[0] ?? '127.0.0.1'
}
