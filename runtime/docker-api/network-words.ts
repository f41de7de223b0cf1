import { parsePortSpec } from '../network/port-spec.ts'
import {
  type JsonObject,
  booleanField,
  objectField,
  objectOf,
  objectsField,
  textField,
  textsField,
} from './json-fields.ts'
import { each, toggle, word } from './words.ts'

/** The flags for how a container is reached and whom it reaches. */
export function networkWords(body: JsonObject, host: JsonObject): string[] {
  return [
    ...modeWords(body, host),
    ...Object.entries(objectField(host, 'PortBindings')).flatMap(([port, bindings]) =>
      objectsField({ [port]: bindings }, port).flatMap((binding) => [
        '--publish',
        requirePort(published(port, binding)),
      ]),
    ),
    ...each('expose', Object.keys(objectField(body, 'ExposedPorts'))),
    ...toggle('publish-all', booleanField(host, 'PublishAllPorts')),
    ...each('dns', textsField(host, 'Dns')),
    ...each('dns-option', textsField(host, 'DnsOptions')),
    ...each('dns-search', textsField(host, 'DnsSearch')),
    ...each('add-host', textsField(host, 'ExtraHosts')),
    ...each('link', textsField(host, 'Links')),
  ]
}

/** Refused here, where the client reads it, rather than at the start. */
function requirePort(spec: string): string {
  parsePortSpec(spec)
  return spec
}

function published(port: string, binding: JsonObject): string {
  const ip = textField(binding, 'HostIp')
  const address = ip === undefined ? '' : `${ip.includes(':') ? `[${ip}]` : ip}:`
  const number = textField(binding, 'HostPort')
  if (number === undefined) return address === '' ? port : `${address}:${port}`
  return `${address}${number}:${port}`
}

function modeWords(body: JsonObject, host: JsonObject): string[] {
  const mode = textField(host, 'NetworkMode') ?? 'default'
  const endpoints = objectField(objectField(body, 'NetworkingConfig'), 'EndpointsConfig')
  const mac = textField(body, 'MacAddress')
  const isPlain = ['default', 'bridge'].includes(mode)
  if (['host', 'none'].includes(mode) || /^(?:container|ns):/.test(mode)) return ['--network', mode]
  const names = new Set([...(isPlain ? [] : [mode]), ...Object.keys(endpoints)])
  names.delete('default')
  if (names.size === 0 || (isPlain && names.size === 1 && names.has('bridge')))
    return ['--network', 'bridge', ...word('mac-address', mac)]
  return [...names].flatMap((name) => {
    const wish = endpointWish(objectOf(endpoints[name], name), name === mode ? mac : undefined)
    return ['--network', wish.length === 0 ? name : `${name}:${wish.join(',')}`]
  })
}

function endpointWish(endpoint: JsonObject, mac: string | undefined): string[] {
  const addresses = objectField(endpoint, 'IPAMConfig')
  const fields = {
    ip: textField(addresses, 'IPv4Address'),
    ip6: textField(addresses, 'IPv6Address'),
    mac: textField(endpoint, 'MacAddress') ?? mac,
  }
  return [
    ...textsField(endpoint, 'Aliases').map((alias) => `alias=${alias}`),
    ...Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
  ]
}
