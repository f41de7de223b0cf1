import { readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CommandFailure } from '../resources/session.ts'

/** Where the entries of a ConfigMap or Secret come from. */
export interface EntryFlags {
  readonly fromFile?: string[]
  readonly fromLiteral?: string[]
  readonly fromEnvFile?: string[]
}

export const entryFlags = [
  ['--from-file <[key=]path...>', 'a file, or all of a folder'],
  ['--from-literal <key=value...>', 'an entry'],
  ['--from-env-file <path...>', 'lines of NAME=VALUE'],
] as const

/** In the order of their flags; a key is given once. @throws CommandFailure */
export function readEntries(flags: EntryFlags, kind: string, name = ''): Map<string, Buffer> {
  if (flags.fromEnvFile && (flags.fromFile ?? flags.fromLiteral))
    throw new CommandFailure('from-env-file cannot be combined with from-file or from-literal')
  const entries = new Map<string, Buffer>()
  const add = (key: string, value: Buffer): void => {
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      throw new CommandFailure(
        `${JSON.stringify(key)} is not a valid key name for a ${kind}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      )
    if (entries.has(key))
      throw new CommandFailure(
        kind === 'ConfigMap'
          ? `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap "${name}"`
          : `cannot add key ${key}, another key by that name already exists`,
      )
    entries.set(key, value)
  }
  for (const text of flags.fromFile ?? []) addFile(text, add)
  for (const text of flags.fromLiteral ?? []) addLiteral(text, add)
  for (const path of flags.fromEnvFile ?? []) addVariables(path, add)
  return entries
}

type Add = (key: string, value: Buffer) => void

function addLiteral(text: string, add: Add): void {
  const at = text.indexOf('=')
  if (at < 1) throw new CommandFailure(`invalid literal source ${text}, expected key=value`)
  const value = text.slice(at + 1)
  add(text.slice(0, at), Buffer.from(/^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value))
}

function addFile(text: string, add: Add): void {
  const parts = text.split('=')
  if (parts.length > 2) throw new CommandFailure("key names or file paths cannot contain '='")
  const [first = '', path = first] = parts
  const key = parts.length === 2 ? first : undefined
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new CommandFailure(`error reading ${path}: no such file or directory`)
  if (!found.isDirectory()) return add(key ?? basename(path), readFileSync(path))
  if (key !== undefined) throw new CommandFailure('cannot give a key name for a directory path')
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isFile()) add(entry.name, readFileSync(join(path, entry.name)))
}

/** Without a value it is that of our own environment. */
function addVariables(path: string, add: Add): void {
  if (!statSync(path, { throwIfNoEntry: false }))
    throw new CommandFailure(`error reading ${path}: no such file or directory`)
  for (const raw of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const line = raw.trimStart()
    if (line === '' || line.startsWith('#')) continue
    const [name = '', ...value] = line.split('=')
    if (value.length > 0) add(name, Buffer.from(value.join('=')))
    else if (process.env[name] !== undefined) add(name, Buffer.from(process.env[name]))
  }
}
