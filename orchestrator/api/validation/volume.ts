import { isObject, sameJson, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { forbiddenField, required } from './field-error.ts'
import type { FieldError } from './field-error.ts'

/** What a volume is besides where it is. */
const notSources = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

/** A volume is of one type, and says how large it is and how it may be used. */
export function validateVolume(_object: KubeObject, spec: JsonObject): FieldError[] {
  const [first, ...more] = Object.keys(spec).filter((field) => !notSources.has(field))
  return [
    ...modesErrors(spec),
    ...(valueAt(spec, ['capacity', 'storage']) === undefined ? [required('spec.capacity')] : []),
    ...(first === undefined ? [required('spec', 'must specify a volume type')] : []),
    ...more.map((field) =>
      forbiddenField(`spec.${field}`, 'may not specify more than 1 volume type'),
    ),
    ...(spec['local'] !== undefined && !isObject(valueAt(spec, ['nodeAffinity', 'required']))
      ? [required('spec.nodeAffinity', 'Local volume requires node affinity')]
      : []),
  ]
}

export function validateClaim(_object: KubeObject, spec: JsonObject): FieldError[] {
  const isAsked = valueAt(spec, ['resources', 'requests', 'storage']) !== undefined
  return [...modesErrors(spec), ...(isAsked ? [] : [required('spec.resources[storage]')])]
}

function modesErrors({ accessModes }: JsonObject): FieldError[] {
  return Array.isArray(accessModes) && accessModes.length > 0
    ? []
    : [required('spec.accessModes', 'at least 1 access mode is required')]
}

/** What was asked for stays; what was left open may be filled in, and more may be asked for. */
export function validateClaimUpdate(wanted: KubeObject, current: KubeObject): FieldError[] {
  const rest = ({ spec = {} }: KubeObject): JsonObject => {
    const { resources: _r, volumeAttributesClassName: _v, ...kept } = spec
    if (!current.spec?.['volumeName']) delete kept['volumeName']
    if (current.spec?.['storageClassName'] === undefined) delete kept['storageClassName']
    return kept
  }
  if (sameJson(rest(wanted), rest(current))) return []
  const why =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
  return [forbiddenField('spec', why)]
}

/** Where a volume is does not change: its data would not come along. */
export function validateVolumeUpdate(wanted: KubeObject, current: KubeObject): FieldError[] {
  const source = ({ spec = {} }: KubeObject): JsonObject =>
    Object.fromEntries(Object.entries(spec).filter(([field]) => !notSources.has(field)))
  if (sameJson(source(wanted), source(current))) return []
  return [
    forbiddenField(
      'spec.persistentvolumesource',
      'spec.persistentvolumesource is immutable after creation',
    ),
  ]
}
