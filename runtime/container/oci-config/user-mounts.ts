import { OperationError } from '../../../native/error.ts'
import type { Mount } from '../../spec/config.ts'
import type { ContainerOptions } from '../options.ts'
import type { MountSpec } from '../mount-spec.ts'
import { plainMount } from '../mount-spec.ts'
import type { ContainerFacts, PlacedMount } from './facts.ts'

/**
 * The mounts to find sources for: what the user asks for, plus an anonymous volume at each
 * volume of the image that nothing of the user's covers, plus the tmpfs of --read-only-tmpfs.
 */
export function wantedMounts(
  options: ContainerOptions,
  imageVolumes: readonly string[],
): MountSpec[] {
  const taken = new Set(options.mounts.map((mount) => mount.destination))
  const free = (path: string) => !taken.has(path)
  const kind = options.imageVolumes === 'tmpfs' ? 'tmpfs' : 'volume'
  const declared = options.imageVolumes === 'ignore' ? [] : imageVolumes
  const volumes = declared.filter(free).map((path) => plainMount(kind, path))
  const scratch = options.readOnly && options.readOnlyTmpfs ? ['/run', '/tmp', '/var/tmp'] : []
  const tmpfs = scratch.filter(free).map((path) => plainMount('tmpfs', path))
  return [...options.mounts, ...volumes, ...tmpfs]
}

/**
 * The files that name the container and its network, bound over the image's own.
 *
 * @param chrootDirs folders of the container that get them too
 */
export function identityMounts(facts: ContainerFacts, chrootDirs: readonly string[] = []): Mount[] {
  const files = {
    '/etc/resolv.conf': facts.resolvConfPath,
    '/etc/hostname': facts.hostnamePath,
    '/etc/hosts': facts.hostsPath,
    '/etc/localtime': facts.localtimePath,
  }
  return ['', ...chrootDirs].flatMap((folder) =>
    Object.entries(files).flatMap(([path, source]) =>
      source === undefined
        ? []
        : [
            {
              destination: `${folder}${path}`,
              type: 'bind',
              source,
              options: ['rbind', 'rprivate'],
            },
          ],
    ),
  )
}

/** One mount of the user's, in the specification's words. */
export function userMount({ spec, source }: PlacedMount, facts: ContainerFacts): Mount {
  const { destination } = spec
  const idmap = mappingOf(spec, facts)
  if (spec.kind === 'tmpfs')
    return { destination, type: 'tmpfs', source: 'tmpfs', options: tmpfsOptions(spec) }
  // The options name its layers, and where what is written goes until the mount ends.
  if (spec.kind === 'image')
    return {
      destination,
      type: 'overlay',
      source: 'overlay',
      options: [spec.readOnly ? 'ro' : 'rw', ...accessOptions(spec), ...spec.options],
    }
  return {
    destination,
    type: 'bind',
    source,
    options: bindOptions(spec, idmap !== undefined),
    ...(idmap === undefined ? {} : idMappings(idmap, destination, facts)),
  }
}

/** A volume is the container's own: in a user namespace its files must not belong to nobody. */
function mappingOf({ kind, idmap }: MountSpec, facts: ContainerFacts): string | undefined {
  const isMapped = facts.uidMappings.length > 0 && !facts.isRootless
  return idmap ?? (kind === 'volume' && isMapped ? '' : undefined)
}

function bindOptions(spec: MountSpec, isMapped: boolean): string[] {
  const { recursive, recursiveReadOnly, readOnly, propagation = 'rprivate' } = spec
  const access = recursiveReadOnly ? 'rro' : 'ro'
  return [
    recursive ? 'rbind' : 'bind',
    propagation,
    readOnly ? access : 'rw',
    ...accessOptions(spec),
    ...(isMapped ? ['idmap'] : []),
    ...spec.options,
  ]
}

function accessOptions({ exec, suid, dev }: MountSpec): string[] {
  return Object.entries({ exec, suid, dev }).flatMap(([name, allowed]) =>
    allowed === undefined ? [] : [allowed ? name : `no${name}`],
  )
}

/** As docker: noexec, nosuid and nodev unless asked otherwise. */
function tmpfsOptions(spec: MountSpec): string[] {
  const { exec = false, suid = false, dev = false, tmpfsSize, tmpfsMode = 0o1777 } = spec
  return [
    ...accessOptions({ ...spec, exec, suid, dev }),
    spec.readOnly ? 'ro' : 'rw',
    `mode=${tmpfsMode.toString(8)}`,
    ...(tmpfsSize === undefined ? [] : [`size=${tmpfsSize}`]),
    ...spec.options,
  ]
}

/** `uids=0-1000-10#…;gids=…` as podman writes them (container-host-size), or the container's own. */
function idMappings(
  text: string,
  destination: string,
  { uidMappings, gidMappings }: ContainerFacts,
): Pick<Mount, 'uidMappings' | 'gidMappings'> {
  const own = { uidMappings: [...uidMappings], gidMappings: [...gidMappings] }
  if (text === '' && uidMappings.length === 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `map the ids of the mount at ${destination}`,
      {},
      {
        hint: 'idmap follows the user namespace of the container: add --userns auto, or say whose ids are whose with idmap=uids=0-1000-1;gids=0-1000-1',
      },
    )
  for (const part of text.split(';')) {
    const match = /^(uids|gids)=(.+)$/.exec(part)
    if (!match) continue
    const rows = (match[2] ?? '').split('#').map((row) => {
      const [containerID = 0, hostID = 0, size = 1] = row.replace(/^@/, '').split('-').map(Number)
      return { containerID, hostID, size }
    })
    own[match[1] === 'uids' ? 'uidMappings' : 'gidMappings'] = rows
  }
  return own
}
