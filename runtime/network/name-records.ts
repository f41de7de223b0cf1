import { isSystemError } from '../../native/system-error.ts'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NetworkFolders } from './network.ts'
import { listNames, nameRecordsFolder } from './network-files.ts'

/** What one container is called in one network. */
export interface NameRecord {
  readonly containerId: string
  /** Its name first, then aliases and the short id. */
  readonly names: readonly string[]
  /** Absent in a network of IPv6 alone. */
  readonly ipv4?: string | undefined
  readonly ipv6?: string | undefined
  /** Name servers to ask for this container (`--dns`) instead of the host's. */
  readonly upstreams: readonly string[]
}

/**
 * Let a container be found by name until the file is unlinked.
 *
 * @returns absolute path of the file, one of the container's leases
 */
export function writeNameRecord(
  folders: NetworkFolders,
  network: string,
  record: NameRecord,
): string {
  const folder = nameRecordsFolder(folders, network)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, record.containerId)
  const temporary = join(folder, `.${record.containerId}`)
  writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
  return path
}

/** Have a network find a container by another name than before; nothing where it does not know the container. */
export function renameInRecords(
  folders: NetworkFolders,
  network: string,
  containerId: string,
  [before, after]: readonly [string, string],
): void {
  const record = readRecord(join(nameRecordsFolder(folders, network), containerId))
  if (!record) return
  const names = record.names.map((name) => (name === before ? after : name))
  writeNameRecord(folders, network, { ...record, names })
}

/** Every container that is known by name in a network. */
export function readNameRecords(folders: NetworkFolders, network: string): NameRecord[] {
  const folder = nameRecordsFolder(folders, network)
  return listNames(folder).flatMap((name) => readRecord(join(folder, name)) ?? [])
}

/** A reader of a network's records that looks at the files again only when the folder has changed. */
export function nameRecordReader(folder: string): () => readonly NameRecord[] {
  let seen: bigint | undefined
  let records: readonly NameRecord[] = []
  return () => {
    const changed = folderTime(folder)
    if (changed === seen) return records
    records = listNames(folder).flatMap((name) => readRecord(join(folder, name)) ?? [])
    seen = changed
    return records
  }
}

function folderTime(folder: string): bigint {
  try {
    return statSync(folder, { bigint: true }).mtimeNs
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return -1n
    throw error
  }
}

function readRecord(path: string): NameRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as NameRecord
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
