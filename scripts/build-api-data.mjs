import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

// The schemas of the built-in Kubernetes kinds, made of the declarations in kubernetes-models (types, which
// fields are required, enumerations, descriptions) and orchestrator/api/data/field-facts.json (formats, merge
// keys). Descriptions, two thirds of the bytes, get a file of their own: a server needs them only to explain.

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Folder of kubernetes-models → how definitions of that group version are called. */
const folders = {
  v1: 'io.k8s.api.core.v1',
  'apps/v1': 'io.k8s.api.apps.v1',
  'batch/v1': 'io.k8s.api.batch.v1',
  'autoscaling/v1': 'io.k8s.api.autoscaling.v1',
  'autoscaling/v2': 'io.k8s.api.autoscaling.v2',
  'policy/v1': 'io.k8s.api.policy.v1',
  'networking.k8s.io/v1': 'io.k8s.api.networking.v1',
  'discovery.k8s.io/v1': 'io.k8s.api.discovery.v1',
  'events.k8s.io/v1': 'io.k8s.api.events.v1',
  'coordination.k8s.io/v1': 'io.k8s.api.coordination.v1',
  'rbac.authorization.k8s.io/v1': 'io.k8s.api.rbac.v1',
  'authentication.k8s.io/v1': 'io.k8s.api.authentication.v1',
  'authorization.k8s.io/v1': 'io.k8s.api.authorization.v1',
  'certificates.k8s.io/v1': 'io.k8s.api.certificates.v1',
  'scheduling.k8s.io/v1': 'io.k8s.api.scheduling.v1',
  'storage.k8s.io/v1': 'io.k8s.api.storage.v1',
  'node.k8s.io/v1': 'io.k8s.api.node.v1',
  'admissionregistration.k8s.io/v1': 'io.k8s.api.admissionregistration.v1',
  'apiextensions.k8s.io/v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  'apiregistration.k8s.io/v1': 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
}

const machinery = {
  'apis/meta/v1': 'io.k8s.apimachinery.pkg.apis.meta.v1',
  'api/resource': 'io.k8s.apimachinery.pkg.api.resource',
  'util/intstr': 'io.k8s.apimachinery.pkg.util.intstr',
  runtime: 'io.k8s.apimachinery.pkg.runtime',
  version: 'io.k8s.apimachinery.pkg.version',
}

/** What a declaration cannot say: the wire form is not the structure. */
const special = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { type: 'object' },
  // A schema, or a boolean, or a list: what a definition of a custom kind says in these places is its own.
  ...Object.fromEntries(
    ['JSON', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrStringArray'].map(
      (name) => [`io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.${name}`, {}],
    ),
  ),
}

const numberFields = new Set(['maximum', 'minimum', 'multipleOf'])

/** Write dist/kubernetes-{schemas,descriptions,fields}.json. */
export function buildApiData() {
  const facts = JSON.parse(
    readFileSync(join(root, 'orchestrator/api/data/field-facts.json'), 'utf8'),
  )
  const models = dirname(dirname(fileURLToPath(import.meta.resolve('kubernetes-models/v1/Pod'))))
  const meta = fileURLToPath(
    import.meta.resolve(
      '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta',
      pathToFileURL(join(models, 'package.json')),
    ),
  )
  const files = [
    ...declarations(models, folders),
    ...declarations(join(dirname(meta), '../../..'), machinery),
  ]
  const names = new Map(files.map(({ alias, name }) => [alias, name]))
  const schemas = {}
  const descriptions = {}
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const { schema, texts } = readDeclaration(file, names, facts[file.name] ?? {})
    schemas[file.name] = special[file.name] ?? schema
    descriptions[file.name] = texts
  }
  mkdirSync(dist, { recursive: true })
  replaceFile(join(dist, 'kubernetes-schemas.json'), JSON.stringify(schemas))
  replaceFile(join(dist, 'kubernetes-descriptions.json'), JSON.stringify(descriptions))
  replaceFile(join(dist, 'kubernetes-fields.json'), JSON.stringify(facts))
}

function replaceFile(path, text) {
  writeFileSync(`${path}.tmp`, text)
  renameSync(`${path}.tmp`, path)
}

function declarations(base, table) {
  return Object.entries(table).flatMap(([folder, prefix]) =>
    readdirSync(join(base, folder))
      .filter((name) => name.endsWith('.d.ts') && name !== 'index.d.ts')
      .map((file) => {
        const text = readFileSync(join(base, folder, file), 'utf8')
        const kind = file.slice(0, -'.d.ts'.length)
        const alias = /\bas (IIo\w+)/.exec(text)?.[1]
        return { text, kind, alias, name: `${prefix}.${kind}` }
      })
      .filter(({ alias }) => alias !== undefined),
  )
}

const fieldLine = /^ {4}"([^"]+)"(\??): (.*)$/

function readDeclaration({ text, kind, alias, name }, names, facts) {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`export interface I${kind} `))
  const head = start < 0 ? lines.findIndex((line) => line.startsWith('export type I')) : start
  const texts = { '': commentAbove(lines, head) }
  const properties = {}
  const required = []
  const local = new Map(names).set(`I${kind}`, name).set(alias, name)
  const end = start < 0 ? 0 : lines.indexOf('}', start)
  for (let at = start + 1; at < end; at++) {
    const field = fieldLine.exec(lines[at])
    if (!field) continue
    const [, fieldName, optional, firstLine] = field
    let type = firstLine
    // A map: its brace closes three lines on.
    while (type.split('{').length > type.split('}').length) type += lines[++at].trim()
    const comment = commentAbove(lines, fieldLineIndex(lines, at, fieldName))
    if (comment) texts[fieldName] = comment
    const typeMeta = fieldName === 'apiVersion' || fieldName === 'kind'
    if (!optional && !typeMeta) required.push(fieldName)
    properties[fieldName] =
      typeMeta && /^"[^"]*";$/.test(type)
        ? { type: 'string' }
        : withFacts(readType(type.replace(/;$/, ''), local, fieldName), facts[fieldName])
  }
  const schema = { type: 'object' }
  if (required.length > 0) schema.required = required
  if (Object.keys(properties).length > 0) schema.properties = properties
  if (facts['']?.includes('atomic')) schema['x-kubernetes-map-type'] = 'atomic'
  return { schema, texts }
}

function fieldLineIndex(lines, from, name) {
  let at = from
  while (!lines[at].startsWith(`    "${name}"`)) at--
  return at
}

function commentAbove(lines, at) {
  const end = at - 1
  if (lines[end]?.trim() !== '*/') return ''
  let start = end
  while (!lines[start].trim().startsWith('/**')) start--
  return lines
    .slice(start + 1, end)
    .map((line) => line.trim().replace(/^\* ?/, ''))
    .join('\n')
}

function readType(type, names, fieldName) {
  const array = /^Array<(.*)>$/.exec(type)
  if (array) return { type: 'array', items: readType(array[1], names, fieldName) }
  const map = /^\{\[key: string\]: (.*?);?\}$/.exec(type)
  if (map) return { type: 'object', additionalProperties: readType(map[1], names, fieldName) }
  const union = type.split(' | ')
  if (union.every((part) => part.startsWith('"')))
    return { type: 'string', enum: union.map((part) => JSON.parse(part)) }
  if (type === 'string' || type === 'boolean') return { type }
  if (type === 'number') return { type: numberFields.has(fieldName) ? 'number' : 'integer' }
  const name = names.get(type)
  return name === undefined ? {} : { $ref: name }
}

/** Facts are "number type flag…": see orchestrator/api/field-facts.ts. */
function withFacts(schema, fact) {
  if (fact === undefined) return schema
  const [, type, ...flags] = fact.split(' ')
  const scalar = type.replace(/^[*{]/, '')
  const target = schema.items ?? schema.additionalProperties ?? schema
  if (Object.keys(target).length === 0 && scalar.startsWith('io.')) target.$ref = scalar
  if (scalar === 'int32' || scalar === 'int64') target.format = scalar
  if (scalar === 'double') Object.assign(target, { type: 'number', format: 'double' })
  if (scalar === 'bytes' && target.type === 'string') target.format = 'byte'
  for (const flag of flags) {
    const [key, value = ''] = flag.split('=')
    if (key === 'patch') schema['x-kubernetes-patch-strategy'] = value
    if (key === 'key') schema['x-kubernetes-patch-merge-key'] = value
    if (key === 'list') schema['x-kubernetes-list-type'] = value
    if (key === 'keys') schema['x-kubernetes-list-map-keys'] = value.split(',')
    if (key === 'atomic') schema['x-kubernetes-map-type'] = 'atomic'
  }
  return schema
}

if (process.argv[1] === import.meta.filename) buildApiData()
