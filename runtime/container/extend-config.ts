import type { Config } from '../spec/config.ts'
import type { ContainerFolder } from './container-folder.ts'
import type { ContainerOptions } from './options.ts'

/**
 * What few containers ask for, over the configuration that all have: secrets, and devices that their vendors describe.
 *
 * @throws {OperationError} `NOT_FOUND` for a device that is described no longer
 */
export async function extendConfig(
  config: Config,
  folder: ContainerFolder,
  options: ContainerOptions,
): Promise<Config> {
  let extended = config
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
