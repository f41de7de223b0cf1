import { parseIp } from '../../../container/parse/ip-address.ts'
import { invalidValue } from '../../../container/parse/invalid-value.ts'
import { parseKeyValues } from '../../../container/parse/key-value.ts'
import { parseName } from '../../../container/parse/name.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `network create` */
export const networkCreateCommand: Command = {
  usage: '[OPTIONS] NETWORK',
  summary: 'Create a network',
  flags: [
    flag('bool', 'attachable', '', { hidden: true }),
    flag(
      'list',
      'aux-address',
      'Auxiliary IPv4 or IPv6 addresses that no container gets: NAME=ADDRESS',
    ),
    flag('bool', 'disable-dns', 'Do not answer names of containers'),
    flag('list', 'dns', 'Name servers that the network asks, in place of those of the host'),
    flag('string', 'driver,d', 'Driver to manage the Network', { default: 'bridge' }),
    flag('list', 'gateway', 'IPv4 or IPv6 Gateway for the subnet'),
    flag('bool', 'internal', 'Restrict external access to the network'),
    flag('list', 'ip-range', 'Allocate container ip from a sub-range'),
    flag('bool', 'ipv4', 'Enable IPv4', { default: 'true' }),
    flag('bool', 'ipv6', 'Enable IPv6'),
    flag('list', 'label', 'Set metadata on a network'),
    flag('list', 'opt,o', 'Set driver specific options'),
    flag('list', 'route', 'Route of its containers: DESTINATION,GATEWAY'),
    flag('list', 'subnet', 'Subnet in CIDR format that represents a network segment'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const name = parseName('network', args[0] ?? '')
    if (['bridge', 'host', 'none', 'default', 'container'].includes(name))
      throw invalidValue('network name', name, 'That name is a network mode')
    const options = {
      name,
      driver: flags.string('driver') ?? 'bridge',
      subnets: flags.list('subnet').map(parseSubnet),
      gateways: flags.list('gateway').map(parseIp),
      ipRanges: flags.list('ip-range').map(parseSubnet),
      reserved: parseReserved(flags.list('aux-address')),
      dns: flags.list('dns').flatMap((text) => text.split(',').map((one) => parseIp(one))),
      routes: flags.list('route'),
      internal: flags.bool('internal'),
      ...(flags.bool('ipv4', true) ? {} : { ipv4: false }),
      ipv6: flags.bool('ipv6'),
      disableDns: flags.bool('disable-dns'),
      labels: parseKeyValues('label', flags.list('label')),
      options: parseKeyValues('driver option', flags.list('opt')),
    }
    const { id } = await (await engine()).networkCreate(options)
    io.stdout.write(`${id}\n`)
    return 0
  },
}

function parseReserved(entries: readonly string[]): Record<string, string> {
  const named = parseKeyValues('auxiliary address', entries)
  return Object.fromEntries(
    Object.entries(named).map(([name, address]) => [name, parseIp(address)]),
  )
}

function parseSubnet(text: string): string {
  const [address = '', length = ''] = text.split('/')
  const longest = address.includes(':') ? 128 : 32
  if (/^\d{1,3}$/.test(length) && Number(length) <= longest && parseIp(address) !== '') return text
  throw invalidValue('subnet', text, 'Write ADDRESS/LENGTH, such as 172.30.0.0/16')
}
