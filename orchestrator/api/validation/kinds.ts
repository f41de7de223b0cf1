import { itemsOf } from '../defaults/set-default.ts'
import { isObject, plainText, sameJson, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { duplicate, forbiddenField, invalidValue, notSupported, required } from './field-error.ts'
import type { FieldError } from './field-error.ts'
import { requireSame } from './metadata.ts'
import { serviceName, subdomainName } from './names.ts'
import type { NameRule } from './names.ts'
import { validatePodSpec } from './pod.ts'
import { isTimeZone } from './time-zone.ts'
import {
  validateClaim,
  validateClaimUpdate,
  validateVolume,
  validateVolumeUpdate,
} from './volume.ts'

// What the schemas cannot say, kind by kind. The schema was checked before: types are what they should be.

type Validator = (object: KubeObject, spec: JsonObject) => FieldError[]
type UpdateValidator = (wanted: KubeObject, current: KubeObject) => FieldError[]

const notNegative = 'must be greater than or equal to 0'

function atLeastZero(spec: JsonObject, ...fields: string[]): FieldError[] {
  return fields.flatMap((field) => {
    const value = spec[field]
    const bad = typeof value === 'number' && value < 0
    return bad ? [invalidValue(`spec.${field}`, value, notNegative)] : []
  })
}

function templateErrors(
  spec: JsonObject,
  restartPolicies: readonly string[],
  path = 'spec',
): FieldError[] {
  const template = spec['template']
  if (!isObject(template) || !isObject(template['spec'])) return []
  const policy = template['spec']['restartPolicy']
  const errors = validatePodSpec(template['spec'], `${path}.template.spec`)
  if (typeof policy === 'string' && !restartPolicies.includes(policy))
    errors.push(notSupported(`${path}.template.spec.restartPolicy`, policy, restartPolicies))
  return errors
}

/** A controller that does not select its own pods would make new ones for ever. */
function selectorErrors(spec: JsonObject): FieldError[] {
  const selector = spec['selector']
  if (!isObject(selector)) return []
  const labels = valueAt(spec, ['template', 'metadata', 'labels']) ?? {}
  const wanted = isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  if (Object.keys(wanted).length === 0 && itemsOf(selector, 'matchExpressions').length === 0)
    return [invalidValue('spec.selector', {}, 'empty selector is invalid for deployment')]
  const matches = Object.entries(wanted).every(([key, value]) => valueAt(labels, [key]) === value)
  if (matches) return []
  const why = '`selector` does not match template `labels`'
  return [invalidValue('spec.template.metadata.labels', labels, why)]
}

const always = ['Always']
const workload: Validator = (_object, spec) => [
  ...atLeastZero(spec, 'replicas', 'minReadySeconds', 'revisionHistoryLimit'),
  ...templateErrors(spec, always),
  ...selectorErrors(spec),
]

const jobPolicies = ['OnFailure', 'Never']
const jobFields = ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds']

const serviceTypes = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const portRange = 'must be between 1 and 65535, inclusive'

const service: Validator = (_object, spec) => {
  const errors: FieldError[] = []
  const ports = itemsOf(spec, 'ports')
  const { type, clusterIP } = spec
  if (typeof type === 'string' && !serviceTypes.includes(type))
    errors.push(notSupported('spec.type', type, serviceTypes))
  if (type === 'ExternalName' && !spec['externalName']) errors.push(required('spec.externalName'))
  if (type !== 'ExternalName' && ports.length === 0 && clusterIP !== 'None')
    errors.push(required('spec.ports'))
  const names = new Set<unknown>()
  for (const [index, { name, port }] of ports.entries()) {
    const path = `spec.ports[${index}]`
    if (typeof port !== 'number' || port < 1 || port > 65_535)
      errors.push(invalidValue(`${path}.port`, port ?? 0, portRange))
    if (ports.length > 1 && !name) errors.push(required(`${path}.name`))
    else if (name && names.has(name)) errors.push(duplicate(`${path}.name`, name))
    names.add(name)
  }
  return errors
}

function validateKeys(object: KubeObject, ...fields: string[]): FieldError[] {
  const seen = new Set<string>()
  return fields.flatMap((field) => {
    const map = object[field]
    if (!isObject(map)) return []
    return Object.keys(map).flatMap((key) => {
      const path = `${field}[${key}]`
      const again = seen.has(key)
      seen.add(key)
      if (again) return [duplicate(path, key)]
      const good =
        /^[-._a-zA-Z0-9]+$/.test(key) && key.length <= 253 && key !== '.' && !key.startsWith('..')
      if (good) return []
      const why =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
      return [invalidValue(path, key, why)]
    })
  })
}

function timeZoneErrors(timeZone: unknown): FieldError[] {
  if (typeof timeZone !== 'string' || isTimeZone(timeZone)) return []
  return [invalidValue('spec.timeZone', timeZone, `unknown time zone ${timeZone}`)]
}

const validators: Readonly<Record<string, Validator>> = {
  '/Pod': (_object, spec) => validatePodSpec(spec, 'spec'),
  '/PodTemplate': (object) =>
    templateErrors({ template: object['template'] as JsonObject }, always, ''),
  '/ReplicationController': (_object, spec) => [
    ...atLeastZero(spec, 'replicas', 'minReadySeconds'),
    ...templateErrors(spec, always),
  ],
  '/PersistentVolume': validateVolume,
  '/PersistentVolumeClaim': validateClaim,
  '/Service': service,
  '/ConfigMap': (object) => validateKeys(object, 'data', 'binaryData'),
  '/Secret': (object) => validateKeys(object, 'data'),
  'apps/Deployment': workload,
  'apps/ReplicaSet': workload,
  'apps/DaemonSet': workload,
  'apps/StatefulSet': workload,
  'batch/Job': (_object, spec) => [
    ...atLeastZero(spec, ...jobFields),
    ...templateErrors(spec, jobPolicies),
  ],
  'batch/CronJob': (_object, spec) => {
    const job = valueAt(spec, ['jobTemplate', 'spec'])
    return [
      ...timeZoneErrors(spec['timeZone']),
      ...(isObject(job) ? templateErrors(job, jobPolicies, 'spec.jobTemplate.spec') : []),
    ]
  },
  'autoscaling/HorizontalPodAutoscaler': (_object, spec) => {
    const most = spec['maxReplicas']
    const least = typeof spec['minReplicas'] === 'number' ? spec['minReplicas'] : 1
    if (typeof most !== 'number' || most < 1)
      return [invalidValue('spec.maxReplicas', most ?? 0, 'must be greater than 0')]
    if (most >= least) return []
    const why = 'must be greater than or equal to `minReplicas`'
    return [invalidValue('spec.maxReplicas', most, why)]
  },
  'apiextensions.k8s.io/CustomResourceDefinition': ({ metadata }, spec) => {
    const wanted = `${plainText(valueAt(spec, ['names', 'plural']))}.${plainText(spec['group'])}`
    const stored = itemsOf(spec, 'versions').filter(({ storage }) => storage === true)
    return [
      ...definitionNames(spec),
      ...(metadata.name === wanted
        ? []
        : [
            invalidValue(
              'metadata.name',
              metadata.name,
              'must be spec.names.plural+"."+spec.group',
            ),
          ]),
      ...(stored.length === 1
        ? []
        : [
            invalidValue(
              'spec.versions',
              stored.length,
              'must have exactly one version marked as storage version',
            ),
          ]),
    ]
  },
  'policy/PodDisruptionBudget': (_object, spec) => {
    const both = spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined
    const why = 'minAvailable and maxUnavailable cannot be both set'
    return both ? [invalidValue('spec', {}, why)] : []
  },
}

/** They become parts of paths, and of the keys of what is stored. */
function definitionNames(spec: JsonObject): FieldError[] {
  const check = (field: string, value: unknown, rule: NameRule): FieldError[] => {
    const why = typeof value === 'string' ? rule(value) : undefined
    return why === undefined ? [] : [invalidValue(field, value, why)]
  }
  const group = plainText(spec['group'])
  const dotless = group !== '' && !group.includes('.')
  return [
    ...check('spec.group', group === '' ? undefined : group, subdomainName),
    ...(dotless
      ? [invalidValue('spec.group', group, 'should be a domain with at least one dot')]
      : []),
    ...check('spec.names.plural', valueAt(spec, ['names', 'plural']), serviceName),
    ...check('spec.names.kind', lowerCase(valueAt(spec, ['names', 'kind'])), serviceName),
    ...itemsOf(spec, 'versions').flatMap(({ name }, index) =>
      check(`spec.versions[${index}].name`, name, serviceName),
    ),
  ]
}

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value
}

/** Fields that may not change, by kind. */
const immutableFields: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': ['spec.selector'],
  'apps/ReplicaSet': ['spec.selector'],
  'apps/DaemonSet': ['spec.selector'],
  'batch/Job': ['spec.completions', 'spec.selector', 'spec.template'],
  '/Secret': ['type'],
  'rbac.authorization.k8s.io/RoleBinding': ['roleRef'],
  'rbac.authorization.k8s.io/ClusterRoleBinding': ['roleRef'],
  'storage.k8s.io/StorageClass': [
    'provisioner',
    'parameters',
    'reclaimPolicy',
    'volumeBindingMode',
  ],
  'scheduling.k8s.io/PriorityClass': ['value', 'preemptionPolicy'],
}

/** Of a running pod only these may change; image and tolerations are handled apart. */
const changeablePodFields = [
  'activeDeadlineSeconds',
  'schedulingGates',
  'terminationGracePeriodSeconds',
  'tolerations',
]

const podUpdate: UpdateValidator = (wanted, current) => {
  const strip = (object: KubeObject) => {
    const spec = structuredClone(object.spec ?? {})
    for (const field of changeablePodFields) delete spec[field]
    for (const list of ['containers', 'initContainers'])
      for (const container of itemsOf(spec, list)) delete container['image']
    return spec
  }
  if (sameJson(strip(wanted), strip(current))) return addedGates(wanted, current)
  const why =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
  return [forbiddenField('spec', why)]
}

/** Gates may be opened, not put up. */
function addedGates(wanted: KubeObject, current: KubeObject): FieldError[] {
  const namesOf = (object: KubeObject) =>
    itemsOf(object.spec ?? {}, 'schedulingGates').map((gate) => plainText(gate['name']))
  const known = namesOf(current)
  return namesOf(wanted)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const why = `only deletion is allowed, but found new scheduling gate '${name}'`
      return forbiddenField('spec.schedulingGates', why)
    })
}

/** A config map or secret that says so never changes again. */
const immutableData: UpdateValidator = (wanted, current) => {
  if (current['immutable'] !== true) return []
  return ['data', 'binaryData', 'stringData', 'immutable'].flatMap((field) =>
    sameJson(wanted[field], current[field])
      ? []
      : [forbiddenField(field, 'field is immutable when `immutable` is set')],
  )
}

const updateValidators: Readonly<Record<string, UpdateValidator>> = {
  '/Pod': podUpdate,
  '/ConfigMap': immutableData,
  '/Secret': immutableData,
  '/PersistentVolume': validateVolumeUpdate,
  '/PersistentVolumeClaim': validateClaimUpdate,
}

export function validateKind(group: string, object: KubeObject): FieldError[] {
  const validator = validators[`${group}/${object.kind}`]
  return validator?.(object, isObject(object.spec) ? object.spec : {}) ?? []
}

export function validateKindUpdate(
  group: string,
  wanted: KubeObject,
  current: KubeObject,
): FieldError[] {
  const key = `${group}/${wanted.kind}`
  return [
    ...(immutableFields[key] ?? []).flatMap((field) =>
      requireSame(field, valueAt(wanted, field.split('.')), valueAt(current, field.split('.'))),
    ),
    ...(updateValidators[key]?.(wanted, current) ?? []),
  ]
}
