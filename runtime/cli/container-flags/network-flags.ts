import { OperationError } from '../../../native/error.ts'
import { absolutePath } from '../absolute-path.ts'
import type { LinkOption, NetworkOptions } from '../../container/options.ts'
import { parseExposedPorts } from '../../container/parse/exposed-port.ts'
import { parseHostEntries } from '../../container/parse/host-entry.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseIp, parseIpv4, parseIpv6, parseMac } from '../../container/parse/ip-address.ts'
import { parseName } from '../../container/parse/name.ts'
import { parseNetworkMode } from '../../container/parse/network-mode.ts'
import { parsePortSpec } from '../../network/port-spec.ts'
import { alias, flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** How the container is reached and whom it can name. */
export function networkFlags(): FlagSpec[] {
  return [
    flag('list', 'add-host', 'Add a custom host-to-IP mapping (host:ip)'),
    flag('list', 'dns', 'Set custom DNS servers'),
    flag('list', 'dns-option', 'Set DNS options'),
    alias('list', 'dns-opt', 'dns-option'),
    flag('list', 'dns-search', 'Set custom DNS search domains'),
    flag('list', 'expose', 'Expose a port or a range of ports'),
    flag('string', 'hosts-file', 'File whose lines /etc/hosts begins with ("none": no file)', {
      value: 'file',
    }),
    flag('string', 'ip', 'IPv4 address (e.g., 172.30.100.104)'),
    flag('string', 'ip6', 'IPv6 address (e.g., 2001:db8::33)'),
    flag('list', 'link', 'Add link to another container (NAME[:ALIAS])'),
    flag('string', 'mac-address', 'Container MAC address (e.g., 92:d0:c6:0a:29:33)'),
    flag('list', 'network', 'Connect a container to a network', { value: 'network' }),
    alias('list', 'net', 'network'),
    flag('list', 'network-alias', 'Add network-scoped alias for the container'),
    alias('list', 'net-alias', 'network-alias'),
    flag('bool', 'no-hosts', 'Do not create /etc/hosts within the container'),
    flag('list', 'publish,p', "Publish a container's port(s) to the host"),
    flag('bool', 'publish-all,P', 'Publish all exposed ports to random ports'),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function readNetworkFlags(flags: ParsedFlags, cwd: string): NetworkOptions {
  const [ip, ip6, mac] = ['ip', 'ip6', 'mac-address'].map((name) => flags.string(name))
  const dns = flags.list('dns')
  const options: NetworkOptions = {
    mode: parseNetworkMode(flags.list('network')),
    aliases: flags.list('network-alias').map((text) => parseName('network alias', text)),
    publish: checkedPorts(flags.list('publish')),
    publishAll: flags.bool('publish-all'),
    expose: flags.list('expose').flatMap(parseExposedPorts),
    ...(ip === undefined ? {} : { ip: parseIpv4(ip) }),
    ...(ip6 === undefined ? {} : { ip6: parseIpv6(ip6) }),
    ...(mac === undefined ? {} : { mac: parseMac(mac) }),
    dns: dns.map((text) => (text === 'none' ? text : parseIp(text))),
    dnsSearch: flags.list('dns-search').map(resolverWord),
    dnsOptions: flags.list('dns-option').map(resolverWord),
    noHosts: flags.bool('no-hosts'),
    addHosts: flags.list('add-host').flatMap(parseHostEntries),
    ...readHostsFile(flags.string('hosts-file'), cwd),
    ...(flags.has('link') ? { links: flags.list('link').map(readLink) } : {}),
  }
  checkNetwork(options)
  return options
}

/** @throws {OperationError} `UNSUPPORTED` for podman's `image` */
function readHostsFile(text: string | undefined, cwd: string): Pick<NetworkOptions, 'hostsFile'> {
  if (text === undefined || text === 'none') return {}
  if (text !== 'image') return { hostsFile: absolutePath(cwd, text) }
  throw new OperationError(
    'UNSUPPORTED',
    'begin /etc/hosts with that of the image',
    {},
    { hint: 'Use --no-hosts for the image’s alone, or name a file of the host' },
  )
}

/** `NAME` or `NAME:ALIAS`, with the slashes that docker's records have. */
function readLink(text: string): LinkOption {
  // `/db:/web/data` is how docker's records say `db:data`.
  const [container = '', alias, ...rest] = text.split(':').map((part) => part.replace(/^.*\//, ''))
  if (container === '' || alias === '' || rest.length > 0)
    throw invalidValue('link', text, 'Write NAME or NAME:ALIAS')
  return { container, alias: parseName('link alias', alias ?? container) }
}

function checkNetwork(options: NetworkOptions): void {
  const { mode, noHosts, addHosts, ip, ip6, mac, aliases, links = [], hostsFile } = options
  if (links.length > 0 && (mode.kind === 'host' || mode.kind === 'container'))
    throw conflict('--link', `--network ${mode.kind}`)
  if (noHosts && hostsFile !== undefined) throw conflict('--no-hosts', '--hosts-file')
  if (noHosts && addHosts.length > 0) throw conflict('--no-hosts', '--add-host')
  const isOwn = mode.kind === 'bridge' || mode.kind === 'networks'
  if (!isOwn && (ip ?? ip6 ?? mac) !== undefined)
    throw conflict('--ip, --ip6, --mac-address', `--network ${mode.kind}`)
  if (mode.kind === 'networks' && (ip ?? ip6 ?? mac) !== undefined)
    if (mode.names.length > 1 || mode.wishes)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'combine --ip, --ip6, --mac-address with networks of their own wishes, or several',
        {},
        { hint: 'Say which network: --network NAME:ip=ADDRESS,mac=ADDRESS' },
      )
  if (!isOwn && aliases.length > 0) throw conflict('--network-alias', `--network ${mode.kind}`)
}

function conflict(first: string, second: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'combine network flags',
    { first, second },
    {
      hint: 'They exclude each other',
    },
  )
}

/** It goes into a line of resolv.conf: a blank or newline would forge another. */
function resolverWord(text: string): string {
  if (/^[A-Za-z0-9_.:-]+$/.test(text)) return text
  throw invalidValue('resolver setting', text, 'Write a domain or an option, without blanks')
}

/** A mistake is told at once, also where the network of the container has no use for ports. */
function checkedPorts(specs: readonly string[]): readonly string[] {
  for (const spec of specs) parsePortSpec(spec)
  return specs
}
