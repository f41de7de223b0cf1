import { join } from 'node:path'
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
  readonly executions: string
  /** Names of volumes that go with the folder, see own-volumes.ts. */
  readonly ownVolumes: string
}

export const logFileName = 'container.log'

export function containersFolder(folders: EngineFolders): string {
  return join(folders.dataDir, 'containers')
}

export function containerFolder(folders: EngineFolders, id: string): ContainerFolder {
  return containerFolderAt(join(containersFolder(folders), id))
}

/** Where a container's folder is moved to be deleted. */
export function removedFolder(folders: EngineFolders, id: string): string {
  return join(containersFolder(folders), `.removing-${id}`)
}

/** The layout below `path`, for a container that is still being made under another name too. */
export function containerFolderAt(path: string): ContainerFolder {
  return {
    path,
    record: join(path, 'record.json'),
    start: join(path, 'start.json'),
    config: join(path, 'config.json'),
    program: join(path, 'program'),
    state: join(path, 'state'),
    lock: join(path, 'lock'),
    upper: join(path, 'upper'),
    work: join(path, 'work'),
    logs: join(path, 'logs'),
    hostname: join(path, 'hostname'),
    hosts: join(path, 'hosts'),
    resolvConf: join(path, 'resolv.conf'),
    health: join(path, 'health.json'),
    executions: join(path, 'exec'),
    ownVolumes: join(path, 'own-volumes'),
  }
}
