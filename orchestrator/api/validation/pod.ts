import { isObject, plainText } from '../object.ts'
import type { JsonObject } from '../object.ts'
import { itemsOf } from '../defaults/set-default.ts'
import { parseQuantity, quantityWords } from '../quantity.ts'
import { duplicate, invalidValue, required } from './field-error.ts'
import type { FieldError } from './field-error.ts'
import { labelName } from './names.ts'

const portRange = 'must be between 1 and 65535, inclusive'
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const

/** @param path of the specification: `spec`, or `spec.template.spec` */
export function validatePodSpec(spec: JsonObject, path: string): FieldError[] {
  const volumes = itemsOf(spec, 'volumes')
  const volumeNames = new Set(volumes.map(({ name }) => name))
  const errors: FieldError[] = uniqueNames(volumes, `${path}.volumes`)
  const containers = containerLists.flatMap((list) =>
    itemsOf(spec, list).map((container, index) => ({ container, at: `${path}.${list}[${index}]` })),
  )
  const seen = new Set<unknown>()
  for (const { container, at } of containers) {
    for (const error of validateContainer(container, at, volumeNames)) errors.push(error)
    const { name } = container
    if (seen.has(name)) errors.push(duplicate(`${at}.name`, name))
    if (name !== undefined) seen.add(name)
  }
  const grace = spec['terminationGracePeriodSeconds']
  if (typeof grace === 'number' && grace < 0)
    errors.push(
      invalidValue(
        `${path}.terminationGracePeriodSeconds`,
        grace,
        'must be greater than or equal to 0',
      ),
    )
  for (const [index, toleration] of itemsOf(spec, 'tolerations').entries())
    errors.push(...validateToleration(toleration, `${path}.tolerations[${index}]`))
  return errors
}

function uniqueNames(items: readonly JsonObject[], path: string): FieldError[] {
  const seen = new Set<unknown>()
  return items.flatMap(({ name }, index) => {
    const field = `${path}[${index}].name`
    const fault = typeof name === 'string' && name !== '' ? labelName(name) : undefined
    const errors = fault === undefined ? [] : [invalidValue(field, name, fault)]
    if (seen.has(name)) errors.push(duplicate(field, name))
    seen.add(name)
    return errors
  })
}

function validateContainer(
  container: JsonObject,
  at: string,
  volumeNames: ReadonlySet<unknown>,
): FieldError[] {
  const errors: FieldError[] = []
  const { name, image } = container
  if (typeof name === 'string' && name !== '') {
    const fault = labelName(name)
    if (fault !== undefined) errors.push(invalidValue(`${at}.name`, name, fault))
  }
  if (typeof image !== 'string' || image === '') errors.push(required(`${at}.image`))
  else if (image.trim() !== image)
    errors.push(invalidValue(`${at}.image`, image, 'must not have leading or trailing whitespace'))
  for (const [index, port] of itemsOf(container, 'ports').entries())
    for (const field of ['containerPort', 'hostPort'])
      errors.push(
        ...validatePort(port[field], `${at}.ports[${index}].${field}`, field === 'hostPort'),
      )
  for (const [index, mount] of itemsOf(container, 'volumeMounts').entries())
    if (mount['name'] && !volumeNames.has(mount['name']))
      errors.push({
        field: `${at}.volumeMounts[${index}].name`,
        reason: 'FieldValueInvalid',
        text: `Not found: ${JSON.stringify(mount['name'])}`,
      })
  return [...errors, ...validateResources(container['resources'], `${at}.resources`)]
}

function validatePort(port: unknown, field: string, optional: boolean): FieldError[] {
  if (optional && (port === undefined || port === 0)) return []
  if (typeof port === 'number' && port >= 1 && port <= 65_535) return []
  return [port === undefined ? required(field) : invalidValue(field, port, portRange)]
}

function validateResources(resources: unknown, path: string): FieldError[] {
  if (!isObject(resources)) return []
  const errors: FieldError[] = []
  const amounts = (kind: string) =>
    isObject(resources[kind]) ? Object.entries(resources[kind]) : []
  for (const kind of ['limits', 'requests'])
    for (const [name, amount] of amounts(kind)) {
      const number = parseQuantity(amount)
      if (number === undefined)
        errors.push(invalidValue(`${path}.${kind}[${name}]`, amount, quantityWords))
      else if (number < 0)
        errors.push(
          invalidValue(`${path}.${kind}[${name}]`, amount, 'must be greater than or equal to 0'),
        )
    }
  const limits = new Map(amounts('limits'))
  for (const [name, amount] of amounts('requests')) {
    const limit = limits.get(name)
    if (limit === undefined || parseQuantity(amount)! <= parseQuantity(limit)!) continue
    errors.push(
      invalidValue(
        `${path}.requests`,
        amount,
        `must be less than or equal to ${name} limit of ${plainText(limit)}`,
      ),
    )
  }
  return errors
}

function validateToleration(toleration: JsonObject, path: string): FieldError[] {
  const { key, operator, value } = toleration
  if (!key && operator !== 'Exists')
    return [
      invalidValue(
        `${path}.operator`,
        operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ]
  if (operator === 'Exists' && value)
    return [
      invalidValue(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"),
    ]
  return []
}
