import { dirname, relative, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { Service } from '../model/service.ts'
import { hostPath } from './canonical-mounts.ts'
import { canonicalService } from './canonical-service.ts'
import { checkFile } from './check-file.ts'
import { emptyDraft, mergeDrafts, parts, withoutField } from './draft.ts'
import type { Draft } from './draft.ts'
import type { WrittenFile } from './file-schema.ts'
import { ignoredFields } from './ignored-fields.ts'
import { interpolateTree } from './interpolate.ts'
import type { Variables } from './interpolate.ts'
import { mergeServices } from './merge-service.ts'
import { Overridden, Reset, withoutTags } from './merge-tag.ts'
import { readYaml } from './read-yaml.ts'
import type { YamlFile } from './read-yaml.ts'
import type { WrittenService } from './service-schema.ts'

export interface LoadContext {
  /** What paths in the files are relative to. */
  readonly folder: string
  readonly variables: Variables
  readonly warn: (text: string) => void
  /** Of a file; `-` is standard input. */
  readonly readText: (path: string) => string
  /** The context of a file that is included, with an environment of its own. */
  readonly nested: (folder: string, envFiles: readonly string[] | undefined) => LoadContext
  /** Files that are being included, to find circles. */
  readonly trail: readonly string[]
}

/** All files merged, each over those before. @throws {OperationError} `INVALID_ARGUMENT`, `NOT_FOUND` */
export function loadDraft(paths: readonly string[], context: LoadContext): Draft {
  let draft = emptyDraft
  for (const path of paths) {
    const file = openFile(path, context)
    for (const keys of taggedFields(file.tree)) draft = withoutField(draft, keys)
    draft = mergeDrafts(draft, readDraft(file, context))
  }
  return draft
}

interface OpenFile {
  readonly path: string
  /** With the tags of merging. */
  readonly tree: unknown
  readonly written: WrittenFile
}

function openFile(path: string, { readText, variables, folder, warn }: LoadContext): OpenFile {
  const shown = path === '-' ? 'standard input' : relative(folder, path) || path
  const file: YamlFile = readYaml(shown.startsWith('..') ? path : shown, readText(path))
  const tree = interpolateTree(file.value ?? {}, variables)
  const written = checkFile(file, withoutExtensions(withoutTags(tree)))
  for (const field of ignoredFields(written)) warn(`${field} is read, and nothing is done with it`)
  return { path, tree, written }
}

/** Mappings whose keys are fields, in which `x-…` is for whoever likes: by how far down their keys are the user's. */
const structured = new Set(['build', 'deploy', 'develop', 'healthcheck', 'logging', 'ipam'])
const named = new Set(['services', 'networks', 'volumes', 'secrets', 'configs'])

function withoutExtensions(value: unknown, depth = 0, key = ''): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const isNames = depth === 1
  const entries = Object.entries(value)
    .filter(([name]) => isNames || !name.startsWith('x-'))
    .map(([name, member]) => {
      const goesOn = depth === 0 ? named.has(name) : depth === 1 || structured.has(name)
      return [name, goesOn ? withoutExtensions(member, depth + 1, name) : member]
    })
  return key === 'environment' ? value : Object.fromEntries(entries)
}

function taggedFields(value: unknown, keys: readonly string[] = []): string[][] {
  if (value instanceof Reset || value instanceof Overridden) return [[...keys]]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, member]) => taggedFields(member, [...keys, key]))
}

function readDraft(file: OpenFile, context: LoadContext): Draft {
  const { written } = file
  const { folder } = context
  const services = Object.keys(written.services ?? {}).map((name) => [
    name,
    readService(file, name, context, []),
  ])
  const sources = (['secrets', 'configs'] as const).map((part) => [
    part,
    Object.fromEntries(
      Object.entries(written[part] ?? {}).map(([name, source]) => [
        name,
        source?.file === undefined ? source : { ...source, file: hostPath(source.file, folder) },
      ]),
    ),
  ])
  const own: Draft = {
    ...emptyDraft,
    name: written.name,
    networks: written.networks ?? {},
    volumes: written.volumes ?? {},
    ...(Object.fromEntries(sources) as Pick<Draft, 'secrets' | 'configs'>),
    services: Object.fromEntries(services) as Draft['services'],
  }
  return includeOthers(own, file, context)
}

function includeOthers(own: Draft, file: OpenFile, context: LoadContext): Draft {
  let draft = own
  for (const one of file.written.include ?? []) {
    const { path = [], project_directory, env_file } = typeof one === 'string' ? { path: one } : one
    const paths = [path].flat().map((each) => resolve(context.folder, String(each)))
    const [first = context.folder] = paths
    const circle = paths.find((each) => context.trail.includes(each))
    if (circle !== undefined) throw inCircle('include', [...context.trail, circle])
    const folder =
      project_directory === undefined ? dirname(first) : resolve(context.folder, project_directory)
    const envFiles =
      env_file === undefined
        ? undefined
        : [env_file].flat().map((each) => resolve(context.folder, String(each)))
    const nested = context.nested(folder, envFiles)
    const included = loadDraft(paths, { ...nested, trail: [...context.trail, file.path, ...paths] })
    requireNoClash(draft, included, first)
    draft = mergeDrafts({ ...included, name: undefined }, draft)
  }
  return draft
}

function requireNoClash(own: Draft, included: Draft, path: string): void {
  for (const part of ['services', ...parts] as const)
    for (const [name, value] of Object.entries(included[part])) {
      const mine = own[part][name]
      if (mine === undefined || JSON.stringify(mine) === JSON.stringify(value)) continue
      throw new OperationError(
        'INVALID_ARGUMENT',
        `include ${path}: ${part}.${name} is defined here too, and differently`,
        {},
        { exitCode: 1, hint: 'Change what is included in a compose.override file, or rename one' },
      )
    }
}

/** A service with what it extends below it. */
function readService(
  file: OpenFile,
  name: string,
  context: LoadContext,
  trail: readonly string[],
): Service {
  const at = `services.${name}`
  const here = `${file.path}: ${name}`
  if (trail.includes(here)) throw inCircle('extends', [...trail, here])
  const written: WrittenService | undefined = file.written.services?.[name]
  if (!written)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `extends: there is no service ${name} in ${file.path}`,
      {},
      { exitCode: 1 },
    )
  const own = canonicalService(written, context.folder, at)
  const { extends: base } = written
  if (base === undefined) return own
  const { service = '', file: other } =
    typeof base === 'string' ? { service: base, file: undefined } : base
  if (other === undefined)
    return mergeServices(readService(file, service, context, [...trail, here]), own)
  const path = resolve(context.folder, other)
  const inFile: LoadContext = { ...context, folder: dirname(path) }
  const below = readService(openFile(path, inFile), service, inFile, [...trail, here])
  return mergeServices(below, own)
}

function inCircle(what: string, trail: readonly string[]): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `${what} goes in a circle: ${trail.join(' → ')}`,
    {},
    { exitCode: 1 },
  )
}
