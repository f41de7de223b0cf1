import type { EngineFolders } from './folders.ts'

/** Every path that belongs to one container. */
export interface ContainerFolder {
  readonly path: string
  /** What stays from create to rm. */
  readonly record: string
  /** Facts of the last start, written before it. */
  readonly start: string
  /** The OCI configuration of the last start. */
  readonly config: string
  /** The encoded program of the last start. */
  readonly program: string
  /** Written by the monitor: process, exit, attach; made anew at each start. */
  readonly state: string
  readonly lock: string
  readonly upper: string
  readonly work: string
  readonly logs: string
  readonly hostname: string
  readonly hosts: string
  readonly resolvConf: string
  readonly health: string
  /** Copies of secrets, by their place among the container's. */
  readonly secrets: string
  readonly executions: string
  /** Names of volumes that go with the folder, see own-volumes.ts. */
  readonly ownVolumes: string
}

export const logFileName = 'container.log'

export function containersFolder(folders: EngineFolders): string {
  return `${folders.dataDir}/containers`
}

export function containerFolder(folders: EngineFolders, id: string): ContainerFolder {
  return containerFolderAt(`${containersFolder(folders)}/${id}`)
}

/** Where a container's folder is moved to be deleted. */
export function removedFolder(folders: EngineFolders, id: string): string {
  return `${containersFolder(folders)}/${removedName(id)}`
}

/** The name of that folder. */
export function removedName(id: string): string {
  return `.removing-${id}`
}

/**
 * The layout below `path`, for a container that is still being made under another name too. Joined by hand:
 * each command asks several times, and node:path would look at every character again.
 */
export function containerFolderAt(path: string): ContainerFolder {
  return {
    path,
    record: `${path}/record.json`,
    start: `${path}/start.json`,
    config: `${path}/config.json`,
    program: `${path}/program`,
    state: `${path}/state`,
    lock: `${path}/lock`,
    upper: `${path}/upper`,
    work: `${path}/work`,
    logs: `${path}/logs`,
    hostname: `${path}/hostname`,
    hosts: `${path}/hosts`,
    resolvConf: `${path}/resolv.conf`,
    health: `${path}/health.json`,
    secrets: `${path}/secrets`,
    executions: `${path}/exec`,
    ownVolumes: `${path}/own-volumes`,
  }
}
