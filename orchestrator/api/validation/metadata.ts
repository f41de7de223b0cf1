import type { Kind } from '../kind.ts'
import { sameJson } from '../object.ts'
import type { KubeObject, ObjectMeta } from '../object.ts'
import { forbiddenField, invalidValue, required, tooLong } from './field-error.ts'
import type { FieldError } from './field-error.ts'
import { labelValue, nameRule, qualifiedName } from './names.ts'

const mostAnnotationBytes = 256 * 1024

/** @param path of the metadata, for messages */
export function validateLabels(
  labels: Readonly<Record<string, string>>,
  path: string,
): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const keyFault = qualifiedName(key)
    const valueFault = labelValue(value)
    return [
      ...(keyFault === undefined ? [] : [invalidValue(path, key, keyFault)]),
      ...(valueFault === undefined ? [] : [invalidValue(path, value, valueFault)]),
    ]
  })
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const field = 'metadata.annotations'
  const errors = Object.keys(annotations).flatMap((key) => {
    const fault = qualifiedName(key.toLowerCase())
    return fault === undefined ? [] : [invalidValue(field, key, fault)]
  })
  const size = Object.entries(annotations).flat().join('').length
  return size > mostAnnotationBytes ? [...errors, tooLong(field, mostAnnotationBytes)] : errors
}

export function validateMetadata(kind: Kind, metadata: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  const { name, generateName, labels, annotations, ownerReferences } = metadata
  const check = nameRule(kind.plural)
  if (!name) {
    errors.push(required('metadata.name', 'name or generateName is required'))
  } else {
    const fault = check(name)
    if (fault !== undefined) errors.push(invalidValue('metadata.name', name, fault))
  }
  if (generateName) {
    const fault = check(`${generateName}a`.slice(0, 63))
    if (fault !== undefined) errors.push(invalidValue('metadata.generateName', generateName, fault))
  }
  const inMaps = [
    ...(labels ? validateLabels(labels, 'metadata.labels') : []),
    ...(annotations ? validateAnnotations(annotations) : []),
  ]
  for (const [index, owner] of (ownerReferences ?? []).entries()) {
    const path = `metadata.ownerReferences[${index}]`
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if (!owner[field])
        errors.push(invalidValue(`${path}.${field}`, '', `${field} must not be empty`))
  }
  const controllers = (ownerReferences ?? []).filter(({ controller }) => controller === true)
  if (controllers.length > 1)
    errors.push(
      invalidValue(
        'metadata.ownerReferences',
        controllers.length,
        'Only one reference can have Controller set to true',
      ),
    )
  // Not pushed as arguments: there can be more than a call takes.
  return [...errors, ...inMaps]
}

const immutable = 'field is immutable'

export function validateMetadataUpdate(wanted: KubeObject, current: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const value = wanted.metadata[field]
    if (value !== undefined && value !== current.metadata[field])
      errors.push(invalidValue(`metadata.${field}`, value, immutable))
  }
  if (current.metadata.deletionTimestamp !== undefined) {
    const before = new Set(current.metadata.finalizers)
    const added = (wanted.metadata.finalizers ?? []).filter((entry) => !before.has(entry))
    if (added.length > 0)
      errors.push(
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((entry) => JSON.stringify(entry)).join(', ')}}`,
        ),
      )
  }
  return errors
}

/** A field that may not change. */
export function requireSame(field: string, wanted: unknown, current: unknown): FieldError[] {
  return sameJson(wanted, current) ? [] : [invalidValue(field, wanted, immutable)]
}
