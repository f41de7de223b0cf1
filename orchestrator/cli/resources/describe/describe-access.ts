import { listAt, plainText, textAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { texts } from './describe-service.ts'
import { annotations, labels, shown } from './page.ts'
import type { Page } from './page.ts'

function head(page: Page, object: KubeObject): void {
  page.line(0, 'Name:', object.metadata.name)
  labels(page, object)
  annotations(page, object.metadata.annotations)
}

export function describeRole(page: Page, role: KubeObject): void {
  head(page, role)
  page.line(0, 'PolicyRule:')
  page.line(1, 'Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs')
  page.line(1, '---------', '-----------------', '--------------', '-----')
  for (const { resource, rule } of brokenDown(listAt(role, ['rules'])))
    page.line(
      1,
      resource,
      shown(texts(rule['nonResourceURLs'])),
      shown(texts(rule['resourceNames'])),
      shown(texts(rule['verbs'])),
    )
}

interface Broken {
  readonly resource: string
  readonly name: string
  readonly group: string
  readonly rule: JsonObject
}

/** `deployments.apps/scale`. */
function qualified(name: string, group: string): string {
  const [plural = '', ...subresource] = name.split('/')
  return [group === '' ? plural : `${plural}.${group}`, ...subresource].join('/')
}

/** One for each resource of each group; rules on the same are told of together. */
function brokenDown(rules: readonly JsonObject[]): Broken[] {
  const all = new Map<string, Broken>()
  for (const { resource, name, group, rule } of rules.flatMap(parts)) {
    const isUrl = texts(rule['nonResourceURLs']).length > 0
    // Those of URLs stay as they are written.
    const key = JSON.stringify(isUrl ? rule : [resource, rule['resourceNames']])
    const before = texts(all.get(key)?.rule['verbs'])
    const verbs = [...new Set([...before, ...texts(rule['verbs'])])]
    all.set(key, { resource, name, group, rule: { ...rule, verbs } })
  }
  return [...all.values()].toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

function parts(rule: JsonObject): Broken[] {
  const ofUrls = texts(rule['nonResourceURLs']).flatMap((url) =>
    texts(rule['verbs']).map((verb) => ({
      resource: '',
      name: '',
      group: '',
      rule: { ...rule, nonResourceURLs: [url], verbs: [verb] },
    })),
  )
  const ofResources = texts(rule['apiGroups']).flatMap((group) =>
    texts(rule['resources']).map((name) => ({
      resource: qualified(name, group),
      name,
      group,
      rule: { ...rule, nonResourceURLs: [] },
    })),
  )
  return [...ofUrls, ...ofResources]
}

/** In the order of kubectl: by how Go writes a rule, the verbs first. */
function sortKey({ name, group, rule }: Broken): string {
  const fields = [texts(rule['verbs']), [group], [name]]
  return [...fields, texts(rule['resourceNames']), texts(rule['nonResourceURLs'])]
    .map((list) => `[${list.join(' ')}]`)
    .join(',')
}

export function describeBinding(page: Page, binding: KubeObject): void {
  head(page, binding)
  page.line(0, 'Role:')
  page.line(1, 'Kind:', textAt(binding, ['roleRef', 'kind']))
  page.line(1, 'Name:', textAt(binding, ['roleRef', 'name']))
  page.line(0, 'Subjects:')
  page.line(1, 'Kind', 'Name', 'Namespace')
  page.line(1, '----', '----', '---------')
  for (const { kind, name, namespace } of listAt(binding, ['subjects']))
    page.line(1, kind, name, plainText(namespace))
}
