import { chownSync, existsSync, writeFileSync } from 'node:fs'
import type { Config } from '../spec/config.ts'
import type { ContainerFolder } from './container-folder.ts'
import { hostIdOf } from './file-view/map-id.ts'
import type { UserFiles } from './oci-config/resolve-user.ts'
import type { ContainerOptions } from './options.ts'

type Entries = Pick<ContainerOptions, 'passwdEntry' | 'groupEntry'>

/**
 * The configuration with the account files of the container, and a line more in them, bound over those of the image. They
 * are written by the first start, and the container's to change from then on.
 */
export function withAccountEntries(
  config: Config,
  folder: Pick<ContainerFolder, 'path'>,
  { passwdEntry, groupEntry }: Entries,
  accounts: UserFiles,
): Config {
  const { uid = 0, gid = 0 } = config.process?.user ?? {}
  const home = config.process?.cwd ?? '/'
  const values = {
    USERNAME: String(uid),
    UID: String(uid),
    GID: String(gid),
    NAME: 'container user',
    HOME: home,
    GROUPNAME: String(gid),
    USERLIST: '',
  }
  const files = [
    { name: 'passwd', entry: passwdEntry, text: accounts.passwd },
    { name: 'group', entry: groupEntry, text: accounts.group },
  ]
  const taken = new Set(config.mounts?.map(({ destination }) => destination))
  const mounts = files.flatMap(({ name, entry, text }) => {
    const destination = `/etc/${name}`
    if (entry === undefined || taken.has(destination)) return []
    const source = `${folder.path}/${name}`
    if (!existsSync(source)) write(config, source, withLine(text ?? '', expand(entry, values)))
    return [{ destination, type: 'bind', source, options: ['bind', 'rprivate', 'nosuid', 'nodev'] }]
  })
  return { ...config, mounts: [...(config.mounts ?? []), ...mounts] }
}

/** `$NAME` of what is known; anything else stays as it stands. */
function expand(entry: string, values: Readonly<Record<string, string>>): string {
  return entry.replaceAll(/\$([A-Z]+)/g, (whole, name: string) => values[name] ?? whole)
}

function withLine(text: string, line: string): string {
  return text === '' || text.endsWith('\n') ? `${text}${line}\n` : `${text}\n${line}\n`
}

/** They belong to the container's root, whoever that is on the host. */
function write({ linux }: Config, path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o644 })
  const uid = hostIdOf(linux?.uidMappings ?? [], 0)
  const gid = hostIdOf(linux?.gidMappings ?? [], 0)
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}
