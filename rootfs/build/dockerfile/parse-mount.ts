import { complain } from './dockerfile-error.ts'
import type { FlagText } from './instruction.ts'
import { nearest } from './nearest.ts'
import type { InstructionSource } from './source.ts'

const mountTypes = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const
const sharings = ['shared', 'private', 'locked'] as const

/** One --mount of RUN. */
export interface RunMount {
  readonly type: (typeof mountTypes)[number]
  readonly target: string | undefined
  readonly source: string | undefined
  /** Stage, image or context; absent: the build context (bind), an empty folder (cache). */
  readonly from: string | undefined
  readonly id: string | undefined
  readonly readOnly: boolean
  readonly sharing: (typeof sharings)[number]
  /** Bytes, tmpfs only. */
  readonly size: number | undefined
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly required: boolean
  /** Name of the variable that gets a secret. */
  readonly env: string | undefined
}

type Fields = ReadonlyMap<string, string>

const fieldNames: Readonly<Record<RunMount['type'], readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readonly', 'readwrite'],
  cache: [
    'target',
    'source',
    'from',
    'id',
    'sharing',
    'mode',
    'uid',
    'gid',
    'readonly',
    'readwrite',
  ],
  tmpfs: ['target', 'size'],
  secret: ['target', 'id', 'required', 'mode', 'uid', 'gid', 'env'],
  ssh: ['target', 'id', 'required', 'mode', 'uid', 'gid'],
}
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
}

/**
 * Read the value of --mount.
 *
 * @param expand expands variables in a field; absent: fields with variables are not checked
 * @throws {DockerfileError}
 * @see https://docs.docker.com/reference/dockerfile/#run---mount
 */
export function parseMount(
  source: InstructionSource,
  use: FlagText,
  expand?: (text: string) => string,
): RunMount {
  const fields = readFields(source, use, expand)
  const type = oneOf(source, use, fields, 'type', mountTypes) ?? 'bind'
  for (const name of fields.keys())
    if (name !== 'type' && !fieldNames[type].includes(name))
      throw wrong(source, use, `a ${type} mount has no "${name}"`, fieldNames[type].join(', '))
  const from = fields.get('from')
  if (from?.includes('$'))
    throw wrong(source, use, 'variables are not expanded in "from"', 'the name of a stage or image')
  const mount = toMount(source, use, { type, fields })
  if (mount.target === undefined && ['bind', 'cache', 'tmpfs'].includes(type))
    throw wrong(source, use, `a ${type} mount lacks its target`, 'target=PATH')
  return mount
}

function toMount(
  source: InstructionSource,
  use: FlagText,
  { type, fields }: { type: RunMount['type']; fields: Fields },
): RunMount {
  const number = (name: string, base: 8 | 10): number | undefined =>
    numberField(source, use, { name, base, value: fields.get(name) })
  const isOn = (name: string): boolean | undefined => switchField(source, use, fields, name)
  const readWrite = isOn('readwrite')
  const readOnly = isOn('readonly') ?? (readWrite === undefined ? type === 'bind' : !readWrite)
  return {
    type,
    target: fields.get('target'),
    source: fields.get('source'),
    from: fields.get('from'),
    id: fields.get('id'),
    readOnly,
    sharing: oneOf(source, use, fields, 'sharing', sharings) ?? 'shared',
    size: sizeField(source, use, fields.get('size')),
    mode: number('mode', 8),
    uid: number('uid', 10),
    gid: number('gid', 10),
    required: isOn('required') ?? false,
    env: fields.get('env'),
  }
}

function readFields(
  source: InstructionSource,
  use: FlagText,
  expand: ((text: string) => string) | undefined,
): Fields {
  const fields = new Map<string, string>()
  for (const text of splitCommas(use.value)) {
    const equals = text.indexOf('=')
    const given = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase()
    const name = Object.hasOwn(aliases, given) ? (aliases[given] ?? given) : given
    const all = [...new Set(Object.values(fieldNames).flat()), 'type']
    if (!all.includes(name)) {
      const close = nearest(given, all)
      const problem = `a mount has no "${given}"`
      throw wrong(source, use, problem, all.join(', '), close && `Did you mean ${close}?`)
    }
    const isSwitch = ['readonly', 'readwrite', 'required'].includes(name)
    if (equals < 0 && !isSwitch)
      throw wrong(source, use, `"${given}" lacks its value`, `${given}=VALUE`)
    const value = equals < 0 ? 'true' : text.slice(equals + 1)
    fields.set(name, expand && name !== 'type' && name !== 'from' ? expand(value) : value)
  }
  return fields
}

/** Fields of a CSV line: one in double quotes may hold commas. */
function splitCommas(text: string): string[] {
  const fields = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? []
  return fields.map((field) => field.replaceAll(/"((?:[^"]|"")*)"/g, '$1').replaceAll('""', '"'))
}

function oneOf<Value extends string>(
  source: InstructionSource,
  use: FlagText,
  fields: Fields,
  name: string,
  allowed: readonly Value[],
): Value | undefined {
  const value = fields.get(name)
  if (value === undefined || value.includes('$')) return undefined
  const found = allowed.find((item) => item === value.toLowerCase())
  if (found !== undefined) return found
  const close = nearest(value, allowed)
  const hint = close && `Did you mean ${close}?`
  throw wrong(source, use, `"${value}" is no mount ${name}`, allowed.join(', '), hint)
}

function numberField(
  source: InstructionSource,
  use: FlagText,
  { name, base, value }: { name: string; base: 8 | 10; value: string | undefined },
): number | undefined {
  if (value === undefined || value.includes('$')) return undefined
  const digits = base === 8 ? /^[0-7]{1,6}$/ : /^[0-9]{1,10}$/
  if (digits.test(value)) return Number.parseInt(value, base)
  const expected = base === 8 ? 'octal digits' : 'a number from 0'
  throw wrong(source, use, `"${value}" is no ${name}`, expected)
}

function sizeField(
  source: InstructionSource,
  use: FlagText,
  value: string | undefined,
): number | undefined {
  if (value === undefined || value.includes('$')) return undefined
  const match = /^([0-9]+)(?:([kmgt])i?)?b?$/i.exec(value)
  if (!match) throw wrong(source, use, `"${value}" is no size`, 'bytes, or a number with k, m or g')
  return Number(match[1]) * 1024 ** ' kmgt'.indexOf((match[2] ?? ' ').toLowerCase())
}

function switchField(
  source: InstructionSource,
  use: FlagText,
  fields: Fields,
  name: string,
): boolean | undefined {
  const value = fields.get(name)?.toLowerCase()
  if (value === undefined || value.includes('$')) return undefined
  if (['true', '1'].includes(value)) return true
  if (['false', '0'].includes(value)) return false
  throw wrong(source, use, `"${value}" is no value for ${name}`, 'true or false')
}

function wrong(
  source: InstructionSource,
  use: FlagText,
  problem: string,
  expected: string,
  hint?: string,
): Error {
  return complain(source, { offset: use.offset, length: use.length, problem, expected, hint })
}
