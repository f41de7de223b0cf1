import { parseIpv4, parseIpv6, parseMac } from '../../../container/parse/ip-address.ts'
import { parseName } from '../../../container/parse/name.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `network connect` */
export const networkConnectCommand: Command = {
  usage: '[OPTIONS] NETWORK CONTAINER',
  summary: 'Connect a container to a network',
  flags: [
    flag('list', 'alias', 'Add network-scoped alias for the container'),
    flag('string', 'ip', 'IPv4 address (e.g., 172.30.100.104)'),
    flag('string', 'ip6', 'IPv6 address (e.g., 2001:db8::33)'),
    flag('string', 'mac-address', 'MAC address (e.g., 92:d0:c6:0a:29:33)'),
  ],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, engine }) {
    const [network = '', container = ''] = args
    const [ip, ip6, mac] = ['ip', 'ip6', 'mac-address'].map((name) => flags.string(name))
    const options = {
      network,
      container,
      aliases: flags.list('alias').map((text) => parseName('network alias', text)),
      ...(ip === undefined ? {} : { ip: parseIpv4(ip) }),
      ...(ip6 === undefined ? {} : { ip6: parseIpv6(ip6) }),
      ...(mac === undefined ? {} : { mac: parseMac(mac) }),
    }
    await (await engine()).networkConnect(options)
    return 0
  },
}
