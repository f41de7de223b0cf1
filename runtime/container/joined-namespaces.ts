import { OperationError } from '../../native/error.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import type { NamespaceKey } from './oci-config/facts.ts'
import type { ContainerOptions } from './options.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'

export interface JoinedNamespaces {
  /** Files under /proc to join, by kind. */
  readonly paths: Partial<Readonly<Record<NamespaceKey, string>>>
  /** Whose network is shared: its hosts and resolv.conf files are too. */
  readonly networkOwner: ContainerRecord | undefined
}

const fileNames: Readonly<Record<NamespaceKey, string>> = {
  pid: 'pid',
  network: 'net',
  ipc: 'ipc',
  uts: 'uts',
  user: 'user',
  cgroup: 'cgroup',
  time: 'time',
}

/**
 * Where the namespaces are that a container shares with others.
 *
 * @throws {OperationError} `BAD_STATE` where such a container does not run, `NOT_FOUND`
 */
export function joinedNamespaces(
  folders: EngineFolders,
  options: ContainerOptions,
): JoinedNamespaces {
  const { pid, ipc, uts, cgroup, time, user } = options.namespaces
  const modes = { pid, network: options.network.mode, ipc, uts, cgroup, time, user }
  const paths: Partial<Record<NamespaceKey, string>> = {}
  let networkOwner: ContainerRecord | undefined
  for (const [key, mode] of Object.entries(modes) as [
    NamespaceKey,
    (typeof modes)[NamespaceKey],
  ][]) {
    if (mode.kind === 'path') paths[key] = mode.path
    if (mode.kind !== 'container') continue
    const owner = resolveContainer(folders, mode.container)
    paths[key] = `/proc/${runningPid(folders, owner, key)}/ns/${fileNames[key]}`
    if (key === 'network') networkOwner = owner
  }
  return { paths, networkOwner }
}

function runningPid(folders: EngineFolders, owner: ContainerRecord, kind: string): number {
  const state = readState(folders, owner)
  if (state.pid !== 0) return state.pid
  throw new OperationError(
    'BAD_STATE',
    `join the ${kind} namespace of ${owner.name}`,
    { status: state.status },
    { hint: `Start it first: mycontainer start ${owner.name}` },
  )
}

/** Files of the container whose network is joined: both see the same names and addresses. */
export function identityOwnerFolder(
  folders: EngineFolders,
  own: ContainerRecord,
  joined: JoinedNamespaces,
): ReturnType<typeof containerFolder> {
  return containerFolder(folders, (joined.networkOwner ?? own).id)
}
