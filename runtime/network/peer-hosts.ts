import type { NameRecord } from './name-records.ts'

// Names in networks whose containers reach no name server of the host's, macvlan and ipvlan: lines in the hosts file of each.
// Pure.

function markOf(network: string): string {
  return `\t# of the network ${network}`
}

/** What one container's /etc/hosts says of the others in a network. */
export function peerLines(
  network: string,
  records: readonly NameRecord[],
  ownId: string,
): readonly string[] {
  return records
    .filter(({ containerId }) => containerId !== ownId)
    .toSorted((a, b) => (a.containerId < b.containerId ? -1 : 1))
    .flatMap(({ ipv4, ipv6, names }) =>
      [ipv4, ipv6].flatMap((address) =>
        address === undefined ? [] : [`${address}\t${names.join(' ')}${markOf(network)}`],
      ),
    )
}

/** A hosts file with these lines of a network, and no others of it. */
export function withPeerLines(text: string, network: string, lines: readonly string[]): string {
  const mark = markOf(network)
  const kept = text.split('\n').filter((line) => !line.endsWith(mark))
  if (kept.at(-1) === '') kept.pop()
  return [...kept, ...lines].map((line) => `${line}\n`).join('')
}
