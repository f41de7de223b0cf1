import { readdirSync, realpathSync, statSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import { apparmorProfile } from './apparmor.ts'
import { chooseSeccomp } from './choose-seccomp.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { allDevices, devicesAt } from './host-devices.ts'
import { type JoinedNamespaces, identityOwnerFolder } from './joined-namespaces.ts'
import { isGroupMapped } from './mapped-ids.ts'
import type { ContainerFacts } from './oci-config/facts.ts'
import { ttyGroup } from './oci-config/system-mounts.ts'
import { placeMounts } from './place-mounts.ts'
import type { ContainerRecord } from './record.ts'
import type { RootSource } from './resolve-image.ts'
import { selinuxLabels } from './selinux.ts'
import type { UserMappings } from './user-mappings.ts'

export interface FactSources {
  readonly folders: EngineFolders
  readonly host: HostFacts
  readonly record: ContainerRecord
  readonly root: RootSource
  readonly joined: JoinedNamespaces
  readonly mappings: UserMappings
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined
}

/** Everything about the host that a container's configuration depends on. */
export function gatherFacts(sources: FactSources): ContainerFacts {
  const { folders, host, record, root, joined, mappings, terminal } = sources
  const { options } = record
  const identity = identityOwnerFolder(folders, record, joined)
  return {
    id: record.id,
    rootfsPath: record.rootfsPath,
    mounts: placeMounts(folders, options, record.resolved.imageVolumes, record.mounts),
    ...(record.options.noHostname === true
      ? {}
      : { hostnamePath: containerFolder(folders, record.id).hostname }),
    ...(options.network.noHosts ? {} : { hostsPath: identity.hosts }),
    resolvConfPath: identity.resolvConf,
    localtimePath: localtimePath(options.timezone),
    passwd: root.passwd,
    group: root.group,
    namespacePaths: joined.paths,
    cgroupPath: record.cgroupPath,
    uidMappings: mappings.uid,
    gidMappings: mappings.gid,
    isRootless: host.rootless,
    hasTtyGroup: isGroupMapped(host, ttyGroup),
    lastCapability: host.lastCapability,
    boundingCapabilities: host.boundingCapabilities,
    devicesAt,
    allDevices,
    seccompFor: (capabilities) =>
      chooseSeccomp(options.security.seccomp, capabilities, host, folders),
    apparmorProfile: apparmorProfile({
      profile: options.security.apparmor,
      privileged: options.security.privileged,
      rootless: host.rootless,
    }),
    selinux: selinuxLabels({ ...options.security, id: record.id }),
    cpus: processors(),
    ...(terminal ? { consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
  }
}

/** @throws {OperationError} `NOT_FOUND` for a time zone that the host does not have */
function localtimePath(timezone: string | undefined): string | undefined {
  if (timezone === undefined) return undefined
  const path = timezone === 'local' ? '/etc/localtime' : `/usr/share/zoneinfo/${timezone}`
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return realpathSync(path)
  throw new OperationError(
    'NOT_FOUND',
    `no such time zone: ${timezone}`,
    { path },
    { hint: 'Install the package tzdata on the host, or name one that it has' },
  )
}

let known: readonly string[] | undefined

/** Those that the machine has, present or not yet plugged in: looked up once, it takes half a millisecond. */
function processors(): readonly string[] {
  known ??= readdirSync('/sys/devices/system/cpu').filter((name) => /^cpu\d+$/.test(name))
  return known
}
