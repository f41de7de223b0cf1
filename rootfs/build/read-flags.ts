import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { readSourceDateEpoch } from '../import/source-date-epoch.ts'

// Values of flags of the build command that are more than a text.

/** `--build-arg NAME=VALUE`, or NAME with the value that the variable has here. */
export function readBuildArgs(
  texts: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const args = new Map<string, string>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const value = equals < 0 ? environment[name] : text.slice(equals + 1)
    if (name === '') throw wrongFlag('--build-arg', text, 'NAME=VALUE')
    if (value !== undefined) args.set(name, value)
  }
  return args
}

/** `--label NAME=VALUE`, `--annotation NAME=VALUE`. */
export function readPairs(flag: string, texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text): [string, string] => {
    const equals = text.indexOf('=')
    if (equals === 0 || text === '') throw wrongFlag(flag, text, 'NAME=VALUE')
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(pairs)
}

/** `--secret id=NAME[,src=FILE|,env=VARIABLE]`. What a file holds is read now. */
export function readSecrets(
  texts: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, Buffer> {
  return new Map(
    texts.map((text): [string, Buffer] => {
      const fields = readFields('--secret', text)
      const id = fields.get('id')
      if (id === undefined || id === '')
        throw wrongFlag('--secret', text, 'id=NAME,src=FILE or id=NAME,env=VARIABLE')
      return [id, secretContent(text, id, fields, environment)]
    }),
  )
}

function secretContent(
  text: string,
  id: string,
  fields: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): Buffer {
  const path = fields.get('src') ?? fields.get('source')
  const isEnvironment = fields.get('type') === 'env'
  const variable = fields.get('env') ?? (isEnvironment ? (path ?? id) : undefined)
  if (variable !== undefined) {
    const value = environment[variable]
    if (value !== undefined) return Buffer.from(value)
    throw wrongFlag('--secret', text, `the variable ${variable} to be set`)
  }
  // Without a source, docker looks for a variable of this name, then for a file.
  const named = path === undefined ? environment[id] : undefined
  if (named !== undefined) return Buffer.from(named)
  try {
    return readFileSync(path ?? id)
  } catch (cause) {
    throw new OperationError(
      'NOT_FOUND',
      'read a secret',
      { id, path: path ?? id },
      { cause, exitCode: 1 },
    )
  }
}

/** "a=b,c=d" as fields; a name alone has an empty value. */
export function readFields(flag: string, text: string): Map<string, string> {
  return new Map(
    text.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=')
      if (equals === 0 || field === '') throw wrongFlag(flag, text, 'name=value,…')
      return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
    }),
  )
}

/** `--cache-from REFERENCE`, or as docker has it: `type=registry,ref=REFERENCE[,mode=…]`. */
export function readCachePlace(flag: string, text: string): string {
  if (!text.includes('=')) return text
  const fields = readFields(flag, text)
  const reference = fields.get('ref')
  if (fields.get('type') === 'registry' && reference) return reference
  throw wrongFlag(flag, text, 'REFERENCE, or type=registry,ref=REFERENCE')
}

/** `--add-host NAME:ADDRESS` or NAME=ADDRESS. */
export function readHosts(texts: readonly string[]): { name: string; address: string }[] {
  return texts.map((text) => {
    const match = /^([^:=\s]+)[:=](.+)$/.exec(text)
    const address = match?.[2]?.replace(/^\[(.*)\]$/, '$1') ?? ''
    if (match?.[1] === undefined || !/^(?:[0-9.]+|[0-9a-fA-F:.]+|host-gateway)$/.test(address))
      throw wrongFlag('--add-host', text, 'NAME:ADDRESS')
    return { name: match[1], address }
  })
}

/** `--ulimit NAME=SOFT[:HARD]`; -1 is no limit. */
export function readLimits(
  texts: readonly string[],
): { name: string; soft: number; hard: number }[] {
  return texts.map((text) => {
    const match = /^([a-z]+)=(-1|[0-9]{1,15})(?::(-1|[0-9]{1,15}))?$/.exec(text)
    if (match?.[1] === undefined) throw wrongFlag('--ulimit', text, 'NAME=SOFT[:HARD]')
    const soft = Number(match[2])
    return { name: match[1], soft, hard: match[3] === undefined ? soft : Number(match[3]) }
  })
}

/** `--timestamp SECONDS`, else SOURCE_DATE_EPOCH. */
export function readTimestamp(
  flag: string | undefined,
  variable: string | undefined,
): number | undefined {
  if (flag === undefined) return readSourceDateEpoch(variable ?? '')
  if (/^[0-9]{1,11}$/.test(flag)) return Number(flag)
  throw wrongFlag('--timestamp', flag, 'seconds since 1970')
}

/** "512m" in bytes. */
export function readBytes(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match = /^([0-9]+(?:\.[0-9]+)?)([bkmgt]?)i?b?$/i.exec(text)
  if (!match) throw wrongFlag(flag, text, 'bytes, or a number with k, m or g')
  const unit = 'bkmgt'.indexOf((match[2] || 'b').toLowerCase())
  return Math.floor(Number(match[1]) * 1024 ** unit)
}

/** One of several words. */
export function readChoice<Choice extends string>(
  flag: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === text)
  if (found !== undefined) return found
  throw wrongFlag(flag, text, choices.join(', '))
}

/** A flag with a value that it cannot have. */
export function wrongFlag(flag: string, value: string, expected: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'read a flag', { flag, value, expected })
}
