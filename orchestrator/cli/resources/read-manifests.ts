import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { isObject, listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { objectPath } from '../../client/resource-path.ts'
import { resourceOf } from './discover.ts'
import type { ApiResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

/** An object of a file, with where it belongs. */
export interface Manifest {
  readonly object: KubeObject
  readonly resource: ApiResource
  readonly name: string
  readonly namespace: string | undefined
  /** As it was given; - for standard input. */
  readonly file: string
}

/** Files and folders, or the folder of a kustomization. */
export type ManifestSource = readonly string[] | { readonly kustomization: string }

/** What `-f` and `-k` say. @throws CommandFailure for both at once */
export function sourceOf(flags: {
  readonly filename?: readonly string[]
  readonly kustomize?: string
}): ManifestSource {
  const { filename, kustomize } = flags
  if (kustomize === undefined) return filename ?? []
  if (filename !== undefined) throw new CommandFailure('only one of -f or -k can be specified')
  return { kustomization: kustomize }
}

/**
 * The objects of files, folders (their .yaml, .yml and .json) and `-`, which is standard input.
 * @throws CommandFailure for what is no object, or of a kind that the server does not have
 */
export async function readManifests(
  session: Session,
  paths: ManifestSource,
  recursive = false,
): Promise<Manifest[]> {
  const manifests: Manifest[] = []
  await readEach(session, paths, recursive, (read) => {
    manifests.push(read())
    return Promise.resolve(true)
  })
  return manifests
}

/**
 * The same, one by one. @param work is given what reads the next one, or throws a CommandFailure; it returns whether to go on
 * @throws CommandFailure for files that cannot be read at all
 */
export async function readEach(
  session: Session,
  paths: ManifestSource,
  recursive: boolean,
  work: (read: () => Manifest) => Promise<boolean>,
  command = 'visit',
): Promise<void> {
  const documents =
    'kustomization' in paths
      ? await readBuilt(paths.kustomization)
      : await readFiles(paths, recursive)
  if (documents.length === 0) throw new CommandFailure(`no objects passed to ${command}`)
  const resources = await session.resources()
  for (const { object, file } of documents)
    if (!(await work(() => place(session, resources, object, file)))) return
}

interface ReadDocument {
  readonly object: KubeObject
  readonly file: string
}

async function readBuilt(folder: string): Promise<ReadDocument[]> {
  const { buildKustomization } = await import('../kustomize/build-kustomization.ts')
  return (await buildKustomization(folder)).map((object) => ({ object, file: folder }))
}

async function readFiles(paths: readonly string[], recursive: boolean): Promise<ReadDocument[]> {
  if (paths.length === 0) throw new CommandFailure('must specify one of -f and -k')
  const documents: ReadDocument[] = []
  for (const file of paths.flatMap((path) => filesOf(path, recursive)))
    for (const object of await readDocuments(file)) documents.push({ object, file })
  return documents
}

function filesOf(path: string, recursive: boolean): string[] {
  if (path === '-') return [path]
  if (!statSync(path, { throwIfNoEntry: false }))
    throw new CommandFailure(`the path "${path}" does not exist`)
  if (!statSync(path).isDirectory()) return [path]
  const found = filesWithin(path, recursive)
  if (found.length === 0)
    throw new CommandFailure(
      `error reading [${path}]: recognized file extensions are [.json .yaml .yml]`,
    )
  return found
}

function filesWithin(folder: string, recursive: boolean): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = join(folder, entry.name)
      if (entry.isDirectory()) return recursive ? filesWithin(file, true) : []
      return /\.(ya?ml|json)$/.test(entry.name) ? [file] : []
    })
}

async function readDocuments(file: string): Promise<KubeObject[]> {
  const { parseAllDocuments } = await import('yaml')
  const source = file === '-' ? await text(process.stdin) : readFileSync(file, 'utf8')
  const documents = [...parseAllDocuments(source, { version: '1.1', schema: 'yaml-1.1' })]
  return documents.flatMap((document) => {
    const [error] = document.errors
    if (error)
      throw new CommandFailure(
        `error parsing ${file}: error converting YAML to JSON: yaml: ${error.message.split('\n')[0]?.replace(/:$/, '')}`,
      )
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    if (value === null || value === undefined) return []
    if (!isObject(value)) throw new CommandFailure(`error parsing ${file}: it is no object`)
    const isList = textAt(value, ['kind']) === 'List'
    return (isList ? listAt(value, ['items']) : [value]) as unknown as KubeObject[]
  })
}

function place(
  session: Session,
  resources: readonly ApiResource[],
  object: KubeObject,
  file: string,
): Manifest {
  const { apiVersion, kind, metadata } = object
  if (!apiVersion || !kind)
    throw new CommandFailure(
      `error validating "${file}": error validating data: ${apiVersion ? 'kind' : 'apiVersion'} not set; if you choose to ignore these errors, turn validation off with --validate=false`,
    )
  const resource = resourceOf(resources, apiVersion, kind)
  const name = metadata?.name ?? ''
  if (!resource)
    throw new CommandFailure(
      `resource mapping not found for name: "${name}" namespace: "${metadata?.namespace ?? ''}" from "${file}": no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`,
    )
  const own = metadata?.namespace
  if (session.namespaceIsGiven && resource.namespaced && own && own !== session.namespace)
    throw new CommandFailure(
      `the namespace from the provided object "${own}" does not match the namespace "${session.namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    )
  const namespace = resource.namespaced ? (own ?? session.namespace) : undefined
  return { object, resource, name, namespace, file }
}

export function manifestPath({ resource, name, namespace }: Manifest, isNew = false): string {
  return objectPath(resource, { namespace, ...(isNew ? {} : { name }) })
}
