import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { isObject } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import { kubeconfigPath } from '../../cluster/kubeconfig-file.ts'
import { CommandFailure } from './session.ts'

export interface NamedEntry extends JsonObject {
  name: string
}

export interface Kubeconfig {
  readonly clusters: readonly NamedEntry[]
  readonly contexts: readonly NamedEntry[]
  readonly users: readonly NamedEntry[]
  readonly 'current-context': string
}

export interface OpenKubeconfig {
  readonly path: string
  readonly config: Kubeconfig
  readonly save: (config: Kubeconfig) => void
}

/** @param given absent: where kubectl has it. A file that is not there is an empty one. @throws CommandFailure */
export function openKubeconfig(given: string | undefined): OpenKubeconfig {
  const path = given ?? kubeconfigPath(process.env)
  const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : '{}')
  const [error] = document.errors
  if (error)
    throw new CommandFailure(`error loading config file ${JSON.stringify(path)}: ${error.message}`)
  const read: unknown = document.toJS()
  const found = isObject(read) ? read : {}
  const list = (name: string): NamedEntry[] => (found[name] ?? []) as NamedEntry[]
  const config: Kubeconfig = {
    ...found,
    clusters: list('clusters'),
    contexts: list('contexts'),
    users: list('users'),
    'current-context': (found['current-context'] ?? '') as string,
  }
  return {
    path,
    config,
    save: (changed) => {
      const whole = { apiVersion: 'v1', kind: 'Config', ...changed }
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // Whoever reads it meanwhile has the old one whole.
      writeFileSync(`${path}.myorch`, stringify(whole), { mode: 0o600 })
      renameSync(`${path}.myorch`, path)
    },
  }
}

interface Showing {
  readonly minify: boolean
  readonly raw: boolean
  readonly context: string | undefined
}

/** What `config view` shows. @throws CommandFailure for a context that is not there */
export function shownKubeconfig(config: Kubeconfig, { minify, raw, context }: Showing): JsonObject {
  const chosen = minify ? minified(config, context ?? config['current-context']) : config
  const none = (list: readonly JsonObject[]): readonly JsonObject[] | null =>
    list.length > 0 ? list : null
  return {
    apiVersion: 'v1',
    kind: 'Config',
    preferences: {},
    clusters: none(raw ? chosen.clusters : chosen.clusters.map(withoutSecrets)),
    contexts: none(chosen.contexts),
    users: none(raw ? chosen.users : chosen.users.map(withoutSecrets)),
    'current-context': chosen['current-context'],
  } as JsonObject
}

function minified(config: Kubeconfig, name: string): Kubeconfig {
  if (name === '') throw new CommandFailure('current-context must exist in order to minify')
  const context = config.contexts.find((each) => each.name === name)
  if (!context) throw new CommandFailure(`cannot locate context ${name}`)
  const { cluster, user } = (context['context'] ?? {}) as JsonObject
  return {
    clusters: config.clusters.filter((each) => each.name === cluster),
    contexts: [context],
    users: config.users.filter((each) => each.name === user),
    'current-context': name,
  }
}

const omitted = 'DATA+OMITTED'

function withoutSecrets(entry: NamedEntry): NamedEntry {
  const hide = (fields: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => {
        if (name.endsWith('-data')) return [name, omitted]
        return [name, name === 'token' || name === 'password' ? 'REDACTED' : value]
      }),
    )
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [name, isObject(value) ? hide(value) : value]),
  ) as NamedEntry
}
