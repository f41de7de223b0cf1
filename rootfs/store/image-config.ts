import { OperationError } from '../../native/error.ts'
import type { ImageConfig, ImageHealthcheck } from './image.ts'

/** An image configuration document, parsed and checked as far as we rely on it. */
export interface ImageConfiguration {
  readonly config: ImageConfig
  /** "sha256:…" of each layer's plain tar, lowest first. */
  readonly diffIds: readonly string[]
  readonly history: readonly ImageHistoryEntry[]
}

export interface ImageHistoryEntry {
  readonly created: string | undefined
  readonly createdBy: string | undefined
  readonly comment: string | undefined
  readonly emptyLayer: boolean
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Read an OCI or docker image configuration.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 * @throws {OperationError} `INVALID_IMAGE` with the path of the first wrong field
 */
export function parseImageConfiguration(text: string): ImageConfiguration {
  const root = fields(parseJson(text, 'image configuration'), 'configuration')
  const rootfs = fields(root['rootfs'] ?? {}, 'rootfs')
  return {
    config: imageConfig(root, fields(root['config'] ?? {}, 'config')),
    diffIds: diffIds(rootfs),
    history: list(root['history'], 'history').map((entry, at) =>
      historyEntry(fields(entry, `history[${at}]`)),
    ),
  }
}

/** @throws {OperationError} `INVALID_IMAGE` */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new OperationError('INVALID_IMAGE', 'parse JSON', { document: what }, { cause })
  }
}

function imageConfig(root: Fields, config: Fields): ImageConfig {
  return {
    env: strings(config['Env'], 'config.Env') ?? [],
    cmd: strings(config['Cmd'], 'config.Cmd'),
    entrypoint: strings(config['Entrypoint'], 'config.Entrypoint'),
    user: text(config['User'], 'config.User') ?? '',
    workingDir: text(config['WorkingDir'], 'config.WorkingDir') ?? '',
    volumes: Object.keys(fields(config['Volumes'] ?? {}, 'config.Volumes')),
    exposedPorts: Object.keys(fields(config['ExposedPorts'] ?? {}, 'config.ExposedPorts')),
    labels: labels(config['Labels']),
    stopSignal: text(config['StopSignal'], 'config.StopSignal'),
    healthcheck: healthcheck(config['Healthcheck']),
    shell: strings(config['Shell'], 'config.Shell'),
    onBuild: strings(config['OnBuild'], 'config.OnBuild') ?? [],
    architecture: text(root['architecture'], 'architecture') ?? '',
    variant: text(root['variant'], 'variant'),
    os: text(root['os'], 'os') ?? 'linux',
    created: text(root['created'], 'created'),
    author: text(root['author'], 'author'),
  }
}

function diffIds(rootfs: Fields): string[] {
  const ids = strings(rootfs['diff_ids'], 'rootfs.diff_ids') ?? []
  for (const id of ids)
    if (!/^sha256:[0-9a-f]{64}$/.test(id)) throw wrong('rootfs.diff_ids', 'a sha256 digest')
  return ids
}

function labels(value: unknown): Record<string, string> {
  const entries = Object.entries(fields(value ?? {}, 'config.Labels'))
  // fromEntries defines properties, so a label called __proto__ stays a label.
  return Object.fromEntries(
    entries.map(([name, label]) => [name, text(label, `config.Labels.${name}`) ?? '']),
  )
}

function healthcheck(value: unknown): ImageHealthcheck | undefined {
  if (value === undefined || value === null) return undefined
  const check = fields(value, 'config.Healthcheck')
  const number = (name: string): number => {
    const found = check[name] ?? 0
    if (typeof found !== 'number' || !(found >= 0))
      throw wrong(`config.Healthcheck.${name}`, 'a number from 0')
    return found
  }
  return {
    test: strings(check['Test'], 'config.Healthcheck.Test') ?? [],
    interval: number('Interval'),
    timeout: number('Timeout'),
    startPeriod: number('StartPeriod'),
    startInterval: number('StartInterval'),
    retries: number('Retries'),
  }
}

function historyEntry(entry: Fields): ImageHistoryEntry {
  return {
    created: text(entry['created'], 'history.created'),
    createdBy: text(entry['created_by'], 'history.created_by'),
    comment: text(entry['comment'], 'history.comment'),
    emptyLayer: entry['empty_layer'] === true,
  }
}

function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(path, 'an object')
  return value as Fields
}

function list(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw wrong(path, 'an array')
  return value
}

function text(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrong(path, 'a string')
  return value
}

function strings(value: unknown, path: string): string[] | undefined {
  if (value === undefined || value === null) return undefined
  return list(value, path).map((item, at) => text(item, `${path}[${at}]`) ?? '')
}

function wrong(field: string, expected: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read an image configuration', { field, expected })
}
