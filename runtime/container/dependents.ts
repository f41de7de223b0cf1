import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { podLabel, roleLabel } from '../kube/pod-labels.ts'
import type { EngineFolders } from './folders.ts'
import type { ContainerRecord } from './record.ts'
import { isBeingMade, readRecord } from './record-store.ts'

// Containers that require others (`--requires`) are few: a file each says which, so that a removal need not read the
// record of every container there is.

function dependentsFolder(folders: EngineFolders): string {
  return `${folders.dataDir}/requiring`
}

/** Before a container that requires others is published. */
export function noteDependent(folders: EngineFolders, id: string): void {
  mkdirSync(dependentsFolder(folders), { recursive: true, mode: 0o700 })
  writeFileSync(`${dependentsFolder(folders)}/${id}`, '')
}

/** After it was removed. */
export function forgetDependent(folders: EngineFolders, id: string): void {
  unlinkIfPresent(`${dependentsFolder(folders)}/${id}`)
}

/** Containers that cannot be started without this one. */
export function dependentsOf(folders: EngineFolders, { id, name }: ContainerRecord): string[] {
  return notedIds(folders).filter((other) => {
    const record = readRecord(folders, other)
    // A monitor removes its --rm container, not this file.
    if (!record && !isBeingMade(folders, other)) forgetDependent(folders, other)
    const required = record?.options.requires ?? []
    return other !== id && required.some((one) => one === name || id.startsWith(one))
  })
}

/**
 * @param force that of a pod stays even so: without it the others are of no pod
 * @throws {OperationError} `BAD_STATE` where others require the container
 */
export function refuseRequired(
  folders: EngineFolders,
  record: ContainerRecord,
  force: boolean,
): void {
  const { labels } = record.resolved
  const pod = labels[roleLabel] === 'infra' ? labels[podLabel] : undefined
  if (force && pod === undefined) return
  const dependents = dependentsOf(folders, record)
  if (dependents.length === 0) return
  throw new OperationError(
    'BAD_STATE',
    `remove the container ${record.name}: other containers require it`,
    { dependents: dependents.map((id) => readRecord(folders, id)?.name ?? id).join(', ') },
    {
      hint:
        pod === undefined
          ? `Remove those too: mycontainer rm --depend ${record.name}, or this one alone: mycontainer rm -f ${record.name}`
          : `It holds the namespaces of a pod: mycontainer pod rm ${pod}`,
      exitCode: 125,
    },
  )
}

function notedIds(folders: EngineFolders): string[] {
  try {
    return readdirSync(dependentsFolder(folders))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
