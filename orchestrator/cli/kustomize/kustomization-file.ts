import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { Tags } from 'yaml'
import { isObject, listAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'

const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** Fields that something is done with; others would be left out of what comes out, so they are refused. */
const known = new Set(
  'apiVersion kind metadata resources bases namespace namePrefix nameSuffix commonLabels labels commonAnnotations images replicas patches patchesStrategicMerge patchesJson6902 configMapGenerator secretGenerator generatorOptions'.split(
    ' ',
  ),
)

/** A kustomization with its folder. */
export interface Kustomization {
  readonly folder: string
  readonly fields: JsonObject
}

/** @throws CommandFailure where there is none, or it asks for what is not there */
export async function readKustomization(path: string): Promise<Kustomization> {
  const folder = resolve(path)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandFailure(
      `must build at directory: not a valid directory: evalsymlink failure on '${path}' : lstat ${folder}: no such file or directory`,
    )
  const names = fileNames.filter((name) => existsSync(join(folder, name)))
  if (names.length === 0)
    throw new CommandFailure(
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${folder}'`,
    )
  if (names.length > 1)
    throw new CommandFailure(`Found multiple kustomization files under: ${folder}`)
  const file = join(folder, names[0]!)
  const [fields] = await parseYaml(readFileSync(file, 'utf8'), file)
  if (!isObject(fields)) throw new CommandFailure(`kustomization.yaml is empty`)
  const other = Object.keys(fields).find((name) => !known.has(name))
  if (other !== undefined)
    throw new CommandFailure(
      `${file}: ${JSON.stringify(other)} is not supported: build it with kustomize, and apply -f - what comes out`,
    )
  return { folder: realpathSync(folder), fields }
}

/** The text of a file of a kustomization. @throws CommandFailure for one outside of its folder */
export function readOwnFile({ folder }: Kustomization, path: string): string {
  const file = resolve(folder, path)
  if (!statSync(file, { throwIfNoEntry: false }))
    throw new CommandFailure(`open ${file}: no such file or directory`)
  const real = realpathSync(file)
  if (!real.startsWith(`${folder}${sep}`))
    throw new CommandFailure(`security; file '${real}' is not in or below '${folder}'`)
  return readFileSync(real, 'utf8')
}

/** All documents of a text. @throws CommandFailure */
export async function parseYaml(source: string, file: string): Promise<unknown[]> {
  const { parseAllDocuments } = await import('yaml')
  const options = { version: '1.1', schema: 'yaml-1.1', customTags: onlyTrueAndFalse } as const
  const documents = [...parseAllDocuments(source, options)]
  return documents.flatMap((document) => {
    const [error] = document.errors
    if (error)
      throw new CommandFailure(`${file}: yaml: ${error.message.split('\n')[0]?.replace(/:$/, '')}`)
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    return value === null || value === undefined ? [] : [value]
  })
}

/** Here `yes`, `on` and `n` are texts; numbers are as in YAML 1.1, where 0644 is octal. */
function onlyTrueAndFalse(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:bool') return tag
    const test = tag.test?.test('yes') ? /^(?:[Tt]rue|TRUE)$/ : /^(?:[Ff]alse|FALSE)$/
    return { ...tag, test } as typeof tag
  })
}

/** The objects of a text, those of lists one by one. @throws CommandFailure */
export async function parseObjects(source: string, file: string): Promise<KubeObject[]> {
  return (await parseYaml(source, file)).flatMap((value) => {
    const isList = textAt(value, ['kind'])?.endsWith('List') && listAt(value, ['items']).length > 0
    const objects = isList ? listAt(value, ['items']) : [value]
    return objects.map((object) => {
      if (isObject(object) && object['kind'] && isObject(object['metadata']))
        return object as unknown as KubeObject
      throw new CommandFailure(`${file}: missing metadata.name or kind in an object`)
    })
  })
}
