import type { Config } from '../config.ts'
import { isBindMount } from '../mount.ts'
import type { Mount } from '../mount.ts'
import type { Report } from '../problem.ts'
import { checkRows } from './id-mappings.ts'
import { findNamespace } from './namespaces.ts'

export function checkMounts(config: Config, report: Report): void {
  config.mounts?.forEach((mount, index) => {
    const path = `mounts[${index}]`
    if (mount.destination === '') report(`${path}.destination`, 'a path in the container', '')
    if (isBindMount(mount) && (mount.source ?? '') === '')
      report(`${path}.source`, 'the path to bind', mount.source ?? 'nothing')
    mount.options?.forEach((option, at) => {
      // A comma would smuggle a second option into the data string of the file system.
      if (option === '' || (option.includes(',') && !option.startsWith('context=')))
        report(`${path}.options[${at}]`, 'one option', option)
    })
    checkIdMap(config, mount, path, report)
  })
}

function checkIdMap(config: Config, mount: Mount, path: string, report: Report): void {
  const { uidMappings: uids = [], gidMappings: gids = [], options = [] } = mount
  const isIdMapped = options.includes('idmap') || options.includes('ridmap')
  const hasRows = uids.length > 0 || gids.length > 0
  if (!isIdMapped && !hasRows) return
  if (hasRows && uids.length === 0) report(`${path}.uidMappings`, 'rows, as gidMappings has')
  if (hasRows && gids.length === 0) report(`${path}.gidMappings`, 'rows, as uidMappings has')
  if (!hasRows && findNamespace(config, 'user') === undefined)
    report(`${path}.uidMappings`, 'rows, or a user namespace whose mapping to use')
  // Only a tree that exists already can get another mapping; a fresh file system is made inside.
  if (!isBindMount(mount)) report(`${path}.options`, 'bind or rbind with an id mapping')
  checkRows(uids, `${path}.uidMappings`, report)
  checkRows(gids, `${path}.gidMappings`, report)
}
