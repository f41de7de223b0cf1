import { openNetlinkSocket } from '../../native/netlink-socket.ts'
import { decodeChain, dumpChains } from './nftables/dump.ts'

// Other people's rules that ours cannot overrule: "accept" ends only the chain it stands in, a
// "drop" of any other chain of the same hook is final (nft(8), "VERDICT STATEMENTS").

const FORWARD_HOOK = 2

/** Warnings about chains that drop forwarded packets by default, as docker, ufw and firewalld make. */
export function findForwardBlockers(ownTable: string): string[] {
  using socket = openNetlinkSocket('netfilter')
  return socket
    .read(dumpChains())
    .map(decodeChain)
    .filter(
      ({ table, hook, policy }) => table !== ownTable && hook === FORWARD_HOOK && policy === 'drop',
    )
    .map(
      ({ table, name }) =>
        `the firewall chain "${name}" of table "${table}" drops forwarded packets by default: ` +
        'containers may have no network until it accepts those of our bridges',
    )
}
