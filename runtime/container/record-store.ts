import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError, hasCode } from '../../native/error.ts'
import {
  type ContainerFolder,
  containerFolder,
  containerFolderAt,
  containersFolder,
} from './container-folder.ts'
import { readJsonIfPresent, syncFolder, writeFileDurably, writeNewFile } from './durable-file.ts'
import type { EngineFolders } from './folders.ts'
import { findName } from './name-registry.ts'
import { removeOwnVolumes } from './own-volumes.ts'
import { isProcessAlive, readStartTicks } from './process-identity.ts'
import type { ContainerRecord } from './record.ts'
import { isSystemError } from '../../native/system-error.ts'

// A container exists when containers/<id>/record.json does. It is made under a name that starts
// with a dot and carries the maker's pid, and renamed when complete: a maker that died leaves a
// folder that nobody believes and the next command removes.

const creatingPattern = /^\.creating-(\d+)-(\d+)-([0-9a-f]{64})$/

/** Folder for a container that is being made; `publish` turns it into the real one. */
export function beginRecord(folders: EngineFolders, id: string): ContainerFolder {
  const parent = containersFolder(folders)
  mkdirSync(parent, { recursive: true, mode: 0o711 })
  const name = `.creating-${process.pid}-${readStartTicks(process.pid) ?? 0}-${id}`
  const folder = containerFolderAt(join(parent, name))
  mkdirSync(folder.path, { mode: 0o711 })
  return folder
}

/** @param durable false for containers that are removed when they end */
export function publishRecord(
  folders: EngineFolders,
  being: ContainerFolder,
  record: ContainerRecord,
  durable: boolean,
): ContainerFolder {
  writeNewFile(being.record, `${JSON.stringify(record)}\n`, durable)
  const final = containerFolder(folders, record.id)
  renameSync(being.path, final.path)
  if (durable) syncFolder(containersFolder(folders))
  return final
}

export function rewriteRecord(folders: EngineFolders, record: ContainerRecord): void {
  writeFileDurably(containerFolder(folders, record.id).record, `${JSON.stringify(record)}\n`)
}

/** @returns undefined where no such container exists */
export function readRecord(folders: EngineFolders, id: string): ContainerRecord | undefined {
  const value = readJsonIfPresent(containerFolder(folders, id).record)
  if (value === undefined) return undefined
  const record = value as ContainerRecord | null
  if (record?.version !== 1)
    throw new OperationError(
      'PROTOCOL',
      'read a container record',
      { id: id.slice(0, 12), version: String(record?.version) },
      { hint: 'It was written by a newer version of this program, or changed from outside' },
    )
  return record
}

/** The record where it can be read; whoever names a damaged one is told by `resolveContainer`. */
function readableRecord(folders: EngineFolders, id: string): ContainerRecord | undefined {
  try {
    return readRecord(folders, id)
  } catch (error) {
    if (hasCode(error, 'PROTOCOL')) return undefined
    throw error
  }
}

/** Every id, in no particular order. */
function listIds(folders: EngineFolders): string[] {
  return folderNames(folders).filter((name) => /^[0-9a-f]{64}$/.test(name))
}

export function listRecords(folders: EngineFolders): ContainerRecord[] {
  const records: ContainerRecord[] = []
  for (const id of listIds(folders)) {
    const record = readableRecord(folders, id)
    if (record) records.push(record)
  }
  return records
}

/**
 * The container a user means: full id, name, or unambiguous prefix of an id, in that order.
 *
 * @throws {OperationError} `NOT_FOUND`, or `INVALID_ARGUMENT` for an ambiguous prefix
 */
export function resolveContainer(folders: EngineFolders, reference: string): ContainerRecord {
  const record = findContainer(folders, reference)
  if (record) return record
  throw new OperationError(
    'NOT_FOUND',
    `no such container: ${reference}`,
    {},
    { hint: 'See "mycontainer ps --all"' },
  )
}

function findContainer(folders: EngineFolders, reference: string): ContainerRecord | undefined {
  if (/^[0-9a-f]{64}$/.test(reference)) return readRecord(folders, reference)
  const bare = reference.startsWith('/') ? reference.slice(1) : reference
  if (bare === '' || bare.includes('/')) return undefined
  const named = findName(folders, bare)
  if (named !== undefined) return readRecord(folders, named)
  if (!/^[0-9a-f]+$/.test(bare)) return undefined
  const matches = listIds(folders).filter((id) => id.startsWith(bare))
  if (matches.length > 1)
    throw new OperationError('INVALID_ARGUMENT', `find the container "${bare}"`, {
      matches: matches.length,
    })
  return matches[0] === undefined ? undefined : readRecord(folders, matches[0])
}

function folderNames(folders: EngineFolders): string[] {
  try {
    return readdirSync(containersFolder(folders))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

/** Whether a container with this id is being made by a living process. */
export function isBeingMade(folders: EngineFolders, id: string): boolean {
  return folderNames(folders).some((name) => {
    const match = creatingPattern.exec(name)
    return match?.[3] === id && isProcessAlive(Number(match[1]), Number(match[2]))
  })
}

/** Remove what makers and removers that died left behind. */
export function removeAbandoned(folders: EngineFolders): void {
  for (const name of folderNames(folders)) {
    const match = creatingPattern.exec(name)
    const isAbandoned = match
      ? !isProcessAlive(Number(match[1]), Number(match[2]))
      : name.startsWith('.removing-')
    if (!isAbandoned) continue
    const folder = containerFolderAt(join(containersFolder(folders), name))
    removeOwnVolumes(folders.dataDir, folder)
    rmSync(folder.path, { recursive: true, force: true })
  }
}
