import type { Config } from '../spec/config.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import type { UserFiles } from './oci-config/resolve-user.ts'
import { mergeEnvironment } from './parse/environment.ts'
import type { ContainerRecord } from './record.ts'

interface ExtensionSource {
  readonly folders: EngineFolders
  readonly record: ContainerRecord
  /** The container's account files as they are. */
  readonly accounts: UserFiles
}

/**
 * What few containers ask for, over the configuration that all have: links, accounts, secrets, and devices that their
 * vendors describe.
 *
 * @throws {OperationError} `NOT_FOUND` for a device that is described no longer, `BAD_STATE` for a link to what does not run
 */
export async function extendConfig(
  config: Config,
  { folders, record, accounts }: ExtensionSource,
): Promise<Config> {
  const { options } = record
  const folder = containerFolder(folders, record.id)
  let extended = config
  if (options.network.links) extended = await withLinks(extended, folders, record)
  if (options.passwdEntry !== undefined || options.groupEntry !== undefined) {
    const { withAccountEntries } = await import('./account-entries.ts')
    extended = withAccountEntries(extended, folder, options, accounts)
  }
  if (options.secrets) {
    const { withSecrets } = await import('./secrets.ts')
    extended = withSecrets(extended, folder, options)
  }
  if (options.cdiDevices) {
    const { applyEdits } = await import('../cdi/apply-edits.ts')
    const { cdiEdits } = await import('../cdi/find-devices.ts')
    const { devicesAt } = await import('./host-devices.ts')
    extended = applyEdits(extended, cdiEdits(options.cdiDevices), (path) => {
      const [device] = devicesAt(path)
      return device ?? { type: 'c' }
    })
  }
  return extended
}

/** What the user has said wins over what links say. */
async function withLinks(
  config: Config,
  folders: EngineFolders,
  record: ContainerRecord,
): Promise<Config> {
  const { linkedVariables } = await import('./links.ts')
  const variables = linkedVariables(folders, record.options, record.name)
  const { process } = config
  return process
    ? { ...config, process: { ...process, env: mergeEnvironment(variables, process.env ?? []) } }
    : config
}
