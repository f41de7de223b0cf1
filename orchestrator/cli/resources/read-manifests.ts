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
}

/**
 * The objects of files, folders (their .yaml, .yml and .json) and `-`, which is standard input.
 * @throws CommandFailure for what is no object, or of a kind that the server does not have
 */
export async function readManifests(
  session: Session,
  paths: readonly string[],
  recursive = false,
): Promise<Manifest[]> {
  if (paths.length === 0) throw new CommandFailure('must specify one of -f and -k')
  const resources = await session.resources()
  const manifests: Manifest[] = []
  for (const path of paths)
    for (const file of filesOf(path, recursive))
      for (const object of await readDocuments(file))
        manifests.push(place(session, resources, object, file))
  if (manifests.length === 0) throw new CommandFailure('no objects passed to apply')
  return manifests
}

function filesOf(path: string, recursive: boolean): string[] {
  if (path === '-') return [path]
  if (!statSync(path, { throwIfNoEntry: false }))
    throw new CommandFailure(`the path "${path}" does not exist`)
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = join(path, entry.name)
      if (entry.isDirectory()) return recursive ? filesOf(file, true) : []
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
        `error parsing ${file}: error converting YAML to JSON: ${error.message}`,
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
      `error validating "${file}": ${apiVersion ? 'kind' : 'apiVersion'} not set`,
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
  return { object, resource, name, namespace }
}

export function manifestPath({ resource, name, namespace }: Manifest, isNew = false): string {
  return objectPath(resource, { namespace, ...(isNew ? {} : { name }) })
}
