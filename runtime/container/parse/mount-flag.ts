import type { MountSpec } from '../mount-spec.ts'
import { plainMount } from '../mount-spec.ts'
import { cleanPath } from './clean-path.ts'
import { commaFields } from './comma-fields.ts'
import { parseIdMappingOption } from './id-mapping-option.ts'
import { invalidValue } from './invalid-value.ts'
import { parseKeyValues } from './key-value.ts'
import { parseName } from './name.ts'
import { parseSize } from './size.ts'
import { destinationPath, isPropagation } from './volume-flag.ts'

type Kind = MountSpec['kind']
type Change = Partial<MountSpec>

interface Field {
  readonly key: string
  /** Absent for a key alone (`readonly`). */
  readonly value: string | undefined
}

/** Keys that repeat, and are gathered rather than replaced. */
interface Lists {
  readonly volumeOptions: string[]
  readonly volumeLabels: string[]
}

/**
 * Read one `--mount` value: `type=bind,source=/a,target=/b,readonly`, docker's keys and podman's.
 * @param cwd what a relative source is relative to
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseMountFlag(text: string, cwd: string): MountSpec {
  const fields = commaFields('mount', text).map(splitField)
  const kind = mountKind(fields, text)
  const lists: Lists = { volumeOptions: [], volumeLabels: [] }
  let mount: MountSpec = plainMount(kind, '')
  for (const field of fields)
    if (field.key !== 'type') mount = { ...mount, ...readField(field, { kind, text, lists }) }
  if (mount.destination === '') throw invalidValue('mount', text, 'target=PATH is missing')
  return { ...mount, ...readSource(mount, cwd, text), ...readLists(lists) }
}

function splitField(field: string): Field {
  const equals = field.indexOf('=')
  if (equals < 0) return { key: field.trim().toLowerCase(), value: undefined }
  return { key: field.slice(0, equals).trim().toLowerCase(), value: field.slice(equals + 1) }
}

function mountKind(fields: readonly Field[], text: string): Kind {
  const type = fields.findLast((field) => field.key === 'type')?.value ?? 'volume'
  if (type === 'bind' || type === 'volume' || type === 'tmpfs' || type === 'image') return type
  throw invalidValue('mount', text, 'The types are bind, volume, tmpfs and image')
}

function readSource(mount: MountSpec, cwd: string, text: string): Change {
  const { kind, source } = mount
  if (kind === 'tmpfs' && source !== undefined)
    throw invalidValue('mount', text, 'A tmpfs has no source')
  if ((kind === 'bind' || kind === 'image') && (source === undefined || source === ''))
    throw invalidValue('mount', text, `A mount of type ${kind} needs source=…`)
  if (source === undefined || source === '') return { source: undefined }
  if (kind === 'bind')
    return { source: cleanPath(source.startsWith('/') ? source : `${cwd}/${source}`) }
  return { source: kind === 'volume' ? parseName('volume', source) : source }
}

function readLists({ volumeOptions, volumeLabels }: Lists): Change {
  return {
    ...(volumeOptions.length === 0
      ? {}
      : { volumeOptions: parseKeyValues('volume option', volumeOptions) }),
    ...(volumeLabels.length === 0
      ? {}
      : { volumeLabels: parseKeyValues('volume label', volumeLabels) }),
  }
}

interface Place {
  readonly kind: Kind
  readonly text: string
  readonly lists: Lists
}

function readField(field: Field, place: Place): Change {
  const { key, value } = field
  const { text, lists } = place
  const needed = () => {
    if (value !== undefined && value !== '') return value
    throw invalidValue('mount', text, `${key}=… is missing its value`)
  }
  switch (key) {
    case 'source':
    case 'src':
      return { source: needed() }
    case 'target':
    case 'destination':
    case 'dst':
      return { destination: destinationPath(needed(), text) }
    case 'readonly':
    case 'ro':
      return { readOnly: flag(field, text) }
    case 'rw':
      return { readOnly: !flag(field, text) }
    case 'volume-opt':
      lists.volumeOptions.push(needed())
      return {}
    case 'volume-label':
      lists.volumeLabels.push(needed())
      return {}
    case 'consistency':
      return {}
    default:
      return readKindField(field, place, needed)
  }
}

function readKindField(field: Field, { kind, text }: Place, needed: () => string): Change {
  const { key } = field
  const only = (wanted: Kind, change: () => Change): Change => {
    if (kind === wanted) return change()
    throw invalidValue('mount', text, `${key} is for type=${wanted} alone`)
  }
  switch (key) {
    case 'bind-propagation':
      return only('bind', () => ({ propagation: propagation(needed(), text) }))
    case 'bind-nonrecursive':
      return only('bind', () => ({ recursive: !flag(field, text) }))
    case 'bind-recursive':
      return only('bind', () => bindRecursive(needed(), text))
    case 'bind-create-src':
      return only('bind', () => ({ createSource: flag(field, text) }))
    case 'volume-nocopy':
      return only('volume', () => ({ copy: !flag(field, text) }))
    case 'volume-driver':
      return only('volume', () => ({ volumeDriver: needed() }))
    case 'volume-subpath':
      return only('volume', () => ({ subpath: subpath(needed(), text) }))
    case 'image-subpath':
      return only('image', () => ({ subpath: subpath(needed(), text) }))
    case 'tmpfs-size':
      return only('tmpfs', () => ({ tmpfsSize: parseSize(needed()) }))
    case 'tmpfs-mode':
      return only('tmpfs', () => ({ tmpfsMode: parseMode(needed(), text) }))
    default:
      return readOptionField(field, text)
  }
}

function readOptionField(field: Field, text: string): Change {
  switch (field.key) {
    case 'u':
    case 'chown':
      return { chown: flag(field, text) }
    case 'relabel':
      if (field.value === 'shared' || field.value === 'private') return { relabel: field.value }
      throw invalidValue('mount', text, 'relabel is shared or private')
    case 'z':
      return { relabel: 'shared' }
    case 'idmap':
      return { idmap: parseIdMappingOption(field.value ?? '') }
    case 'exec':
    case 'suid':
    case 'dev':
      return { [field.key]: flag(field, text) }
    case 'noexec':
    case 'nosuid':
    case 'nodev':
      return { [field.key.slice(2)]: !flag(field, text) }
    default:
      throw invalidValue('mount', text, `The key ${JSON.stringify(field.key)} is not known`)
  }
}

function flag({ key, value }: Field, text: string): boolean {
  if (value === undefined || /^(?:1|t|true)$/i.test(value)) return true
  if (/^(?:0|f|false)$/i.test(value)) return false
  throw invalidValue('mount', text, `${key} is true or false`)
}

function bindRecursive(value: string, text: string): Change {
  if (value === 'enabled') return { recursive: true }
  if (value === 'disabled') return { recursive: false }
  if (value === 'writable') return { recursive: true, recursiveReadOnly: false }
  if (value === 'readonly') return { recursive: true, recursiveReadOnly: true }
  throw invalidValue('mount', text, 'bind-recursive is enabled, disabled, writable or readonly')
}

function propagation(value: string, text: string): Change['propagation'] {
  if (isPropagation(value)) return value
  throw invalidValue('mount', text, 'Propagation is private, shared or slave, perhaps with an r')
}

function subpath(value: string, text: string): string {
  if (!value.startsWith('/') && !value.split('/').includes('..')) return value
  throw invalidValue('mount', text, 'A subpath is relative and has no ..')
}

/**
 * Read octal permission bits.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseMode(value: string, text: string): number {
  if (/^[0-7]{1,5}$/.test(value) && Number.parseInt(value, 8) <= 0o7777)
    return Number.parseInt(value, 8)
  throw invalidValue('mount', text, 'A mode is octal, such as 1777')
}
