import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'

interface Flags extends GeneratorFlags {
  readonly rule?: string[]
  readonly class?: string
  readonly defaultBackend?: string
  readonly annotation?: string[]
}

/** `myorch create ingress NAME --rule="host/path*=service:port[,tls[=secret]]"`. */
export const ingress: Generator<Flags> = {
  name: 'ingress',
  failure: 'ingress:',
  aliases: ['ing'],
  description: 'Names and paths of the web, and the services behind them',
  flags: [
    ['--rule <rule...>', 'host/path=service:port[,tls[=secret]]; a path with * is a prefix'],
    ['--class <name>', 'of the controller'],
    ['--default-backend <service:port>', 'for all else'],
    ['--annotation <name=value...>', 'noted in it'],
  ],
  build: ({ name, flags }) => {
    const given = flags.rule ?? []
    if (given.length === 0 && flags.defaultBackend === undefined)
      throw new CommandFailure(
        `not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)`,
      )
    const rules = given.map(readRule)
    const tls = tlsOf(rules)
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...unset,
        name,
        ...(flags.annotation ? { annotations: readAnnotations(flags.annotation) } : {}),
      },
      spec: {
        ...(flags.class === undefined ? {} : { ingressClassName: flags.class }),
        ...(flags.defaultBackend === undefined
          ? {}
          : { defaultBackend: backend(flags.defaultBackend) }),
        ...(rules.length > 0 ? { rules: byHost(rules) } : {}),
        ...(tls.length > 0 ? { tls } : {}),
      },
      status: { loadBalancer: {} },
    } as unknown as KubeObject
  },
}

interface Rule {
  readonly host: string
  readonly path: JsonObject
  /** The secret; undefined: no TLS. */
  readonly tls: string | undefined
}

const form = /^([^/]*)(\/[^=]*)=([^,:]+):([^,]+)(?:,tls(?:=(.+))?)?$/

function readRule(text: string): Rule {
  const match = form.exec(text)
  if (!match)
    throw new CommandFailure(
      `rule ${text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
    )
  const [, host = '', path = '', service = '', port = '', secret = ''] = match
  const isPrefix = path.endsWith('*')
  return {
    host,
    tls: text.includes(',tls') ? secret : undefined,
    path: {
      backend: backend(`${service}:${port}`),
      path: isPrefix ? path.slice(0, -1) : path,
      pathType: isPrefix ? 'Prefix' : 'Exact',
    },
  }
}

function backend(text: string): JsonObject {
  const [name = '', port = ''] = text.split(':')
  if (name === '' || port === '')
    throw new CommandFailure(`default-backend should be in format servicename:serviceport`)
  return {
    service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } },
  }
}

function byHost(rules: readonly Rule[]): JsonObject[] {
  const hosts = new Map<string, JsonObject[]>()
  for (const { host, path } of rules) hosts.set(host, [...(hosts.get(host) ?? []), path])
  return [...hosts].map(([host, paths]) => ({ ...(host ? { host } : {}), http: { paths } }))
}

function tlsOf(rules: readonly Rule[]): JsonObject[] {
  const secrets = new Map<string, string[]>()
  for (const { host, tls } of rules) {
    if (tls === undefined) continue
    const hosts = secrets.get(tls) ?? []
    secrets.set(tls, host === '' || hosts.includes(host) ? hosts : [...hosts, host])
  }
  return [...secrets].map(([secretName, hosts]) => ({
    ...(hosts.length > 0 ? { hosts } : {}),
    ...(secretName === '' ? {} : { secretName }),
  }))
}

function readAnnotations(pairs: readonly string[]): JsonObject {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      if (name === '' || value.length === 0)
        throw new CommandFailure(
          `annotation ${pair} is invalid and should be in format key=[value]`,
        )
      return [name, value.join('=')]
    }),
  )
}
