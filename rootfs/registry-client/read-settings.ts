import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { Environment } from '../credentials/auth-files.ts'
import {
  type RegistrySettings,
  mergeSettings,
  noSettings,
  readRegistrySettings,
} from './registry-settings.ts'

/**
 * The settings of this user: the file that CONTAINERS_REGISTRIES_CONF names, else the user's own,
 * else the system's; then the folders of additions beside them.
 *
 * @see containers-registries.conf(5)
 */
export async function readSettings(environment: Environment): Promise<RegistrySettings> {
  const chosen = environment['CONTAINERS_REGISTRIES_CONF']
  const system = '/etc/containers'
  const user = join(
    environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || '/', '.config'),
    'containers',
  )
  const main = chosen
    ? ((await readSettingsFile(chosen)) ?? missing(chosen))
    : ((await readSettingsFile(join(user, 'registries.conf'))) ??
      (await readSettingsFile(join(system, 'registries.conf'))))
  let settings = main ?? noSettings
  if (chosen) return settings
  for (const folder of [system, user].map((each) => join(each, 'registries.conf.d')))
    for (const name of namesIn(folder).toSorted())
      settings = mergeSettings(settings, (await readSettingsFile(join(folder, name))) ?? noSettings)
  return settings
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.conf'))
  } catch {
    return []
  }
}

async function readSettingsFile(path: string): Promise<RegistrySettings | undefined> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  // Most files have nothing but comments.
  if (/^\s*(?:#[^\n]*(?:\n\s*|$))*$/.test(text)) return noSettings
  const { parse } = await import('smol-toml')
  let document: unknown
  try {
    document = parse(text)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the settings of registries',
      { path },
      { cause },
    )
  }
  return readRegistrySettings(document, path)
}

function missing(path: string): never {
  throw new OperationError(
    'NOT_FOUND',
    'read the settings of registries',
    { path },
    { hint: 'CONTAINERS_REGISTRIES_CONF names it' },
  )
}
