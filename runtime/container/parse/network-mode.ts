import type { NetworkMode, NetworkWish } from '../options.ts'
import { invalidValue } from './invalid-value.ts'
import { parseIpv4, parseIpv6, parseMac } from './ip-address.ts'
import { parseName } from './name.ts'
import { joinedNamespace } from './namespace-mode.ts'

/**
 * Read the `--network` values: one mode, or networks (given several times), each as `NAME`, with what is wanted there as podman
 * writes it (`NAME:ip=ADDRESS,alias=OTHER`), or as docker does (`name=NAME,ip=ADDRESS,alias=OTHER`).
 *
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseNetworkMode(values: readonly string[]): NetworkMode {
  const [first = 'bridge'] = values
  const single = singleNetworkMode(first)
  if (single && values.length <= 1) return single
  const names: string[] = []
  const wishes: Record<string, NetworkWish> = {}
  for (const value of values) {
    const mode = singleNetworkMode(value)
    if (mode && mode.kind !== 'bridge')
      throw invalidValue('network', value, 'This mode cannot be combined with other networks')
    const { name, wish } = parseNetwork(value)
    const isBridge = singleNetworkMode(name)?.kind === 'bridge'
    const network = parseName('network', isBridge ? 'bridge' : name)
    if (names.includes(network) && wish)
      throw invalidValue(
        'network',
        value,
        'A network can be joined once: write all wishes together',
      )
    if (!names.includes(network)) names.push(network)
    if (wish) wishes[network] = wish
  }
  return { kind: 'networks', names, ...(Object.keys(wishes).length > 0 ? { wishes } : {}) }
}

function singleNetworkMode(text: string): NetworkMode | undefined {
  switch (text) {
    case '':
    case 'default':
    case 'bridge':
    case 'private':
      return { kind: 'bridge' }
    case 'host':
    case 'none':
      return { kind: text }
    default:
      return joinedNamespace(text)
  }
}

function parseNetwork(text: string): { name: string; wish: NetworkWish | undefined } {
  const [, name, rest] = /^([^=:]*):(.*)$/.exec(text) ?? []
  if (name !== undefined) return { name, wish: parseWish(text, rest ?? '') }
  if (!text.includes('=')) return { name: text, wish: undefined }
  const fields = text.split(',')
  const names = fields.filter((field) => field.startsWith('name='))
  if (names.length !== 1) throw invalidValue('network', text, 'Write name=NETWORK once')
  const others = fields.filter((field) => !field.startsWith('name='))
  const wish = others.length === 0 ? undefined : parseWish(text, others.join(','))
  return { name: names[0]?.slice(5) ?? '', wish }
}

/** `ip=…,ip6=…,mac=…,alias=…`; an alias may come several times, another field once. */
function parseWish(text: string, fields: string): NetworkWish {
  const wish: { -readonly [Field in keyof NetworkWish]: NetworkWish[Field] } = {}
  const aliases: string[] = []
  for (const field of fields.split(',')) {
    const [key, value] = splitOnce(field, '=')
    const name = fieldNames[key]
    if (name === undefined) throw invalidValue('network', text, `Write ${known}`)
    if (name === 'alias') aliases.push(parseName('network alias', value))
    else if (wish[name] !== undefined) throw invalidValue('network', text, `Write ${key} once`)
    else
      wish[name] =
        name === 'ip' ? parseIpv4(value) : name === 'ip6' ? parseIpv6(value) : parseMac(value)
  }
  return aliases.length > 0 ? { ...wish, aliases } : wish
}

const fieldNames: Readonly<Record<string, 'ip' | 'ip6' | 'mac' | 'alias' | undefined>> = {
  ip: 'ip',
  ip6: 'ip6',
  mac: 'mac',
  'mac-address': 'mac',
  alias: 'alias',
}
const known = 'ip=ADDRESS, ip6=ADDRESS, mac=ADDRESS or alias=NAME, separated by commas'

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
