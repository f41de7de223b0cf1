import type { SecretOption } from '../options.ts'
import { commaFields } from './comma-fields.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'

const form = 'Write SECRET[,type=mount|env][,target=…][,uid=…][,gid=…][,mode=…]'

/**
 * `--secret SECRET[,type=mount|env][,target=…][,uid=…][,gid=…][,mode=…]`, podman-run(1).
 *
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseSecretFlag(text: string): SecretOption {
  const [first = '', ...rest] = commaFields('secret', text)
  const fields = new Map<string, string>()
  for (const field of first.includes('=') ? [first, ...rest] : [`source=${first}`, ...rest]) {
    const [, name = '', value = ''] = /^(source|type|target|uid|gid|mode)=(.+)$/s.exec(field) ?? []
    if (name === '' || fields.has(name)) throw invalidValue('secret', text, form)
    fields.set(name, value)
  }
  const source = fields.get('source')
  const type = fields.get('type') ?? 'mount'
  if (source === undefined) throw invalidValue('secret', text, form)
  if (type !== 'mount' && type !== 'env')
    throw invalidValue('secret', text, 'The types are mount and env')
  const target = fields.get('target') ?? source
  if (type === 'env') return envSecret(text, source, target, fields)
  const mode = fields.get('mode') ?? '0444'
  if (!/^[0-7]{1,4}$/.test(mode)) throw invalidValue('secret', text, 'The mode is octal, as 0400')
  if (target.split('/').includes('..') || target.endsWith('/'))
    throw invalidValue('secret', text, 'The target is the path of a file, without ".."')
  return {
    type,
    source,
    target: target.startsWith('/') ? target : `/run/secrets/${target}`,
    uid: parseInteger('uid', fields.get('uid') ?? '0', 0, 2 ** 32 - 2),
    gid: parseInteger('gid', fields.get('gid') ?? '0', 0, 2 ** 32 - 2),
    mode: Number.parseInt(mode, 8),
  }
}

function envSecret(
  text: string,
  source: string,
  target: string,
  fields: ReadonlyMap<string, string>,
): SecretOption {
  if (['uid', 'gid', 'mode'].some((name) => fields.has(name)))
    throw invalidValue('secret', text, 'uid, gid and mode are those of a file: use type=mount')
  if (target.includes('=') || target.includes('\0'))
    throw invalidValue('secret', text, 'The target is the name of a variable')
  return { type: 'env', source, target }
}
