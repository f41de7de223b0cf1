import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import { readProcessFile } from './process-file.ts'
import { isFrozen } from '../cgroup/freeze.ts'
import { isProcessAlive } from '../container/process-identity.ts'
import type { OciStatus } from '../spec/state.ts'
import { existsSync } from 'node:fs'
import type { RdtGroup } from './intel-rdt.ts'
import { type StateFolder, stateFolder } from './state-folder.ts'

/** What is kept about a container beside its configuration. */
export interface OciRecord {
  readonly version: 1
  readonly id: string
  /** Absolute. */
  readonly bundle: string
  readonly rootfs: string
  /** RFC 3339. */
  readonly created: string
  readonly owner: string
  readonly ociVersion: string
  readonly annotations: Readonly<Record<string, string>>
  /** Absent: groups were left to the caller (`--cgroup-manager disabled`). */
  readonly cgroup?: CgroupLocation | undefined
  /** Name of the unit that systemd has made for it. */
  readonly unit?: string | undefined
  /** Where its notifications go on to, sd_notify(3). */
  readonly notifySocket?: string | undefined
  /** Of linux.intelRdt. */
  readonly rdt?: RdtGroup | undefined
}

export interface OciContainer {
  readonly folder: StateFolder
  readonly record: OciRecord
  readonly status: OciStatus
  /** 0 where it has ended. */
  readonly pid: number
}

/**
 * Look a container up.
 *
 * @throws {OperationError} `NOT_FOUND`; `BAD_STATE` for a folder that is not (or no longer) a container's
 */
export function readContainer(root: string, id: string): OciContainer {
  const folder = stateFolder(root, id)
  const record = readRecord(folder)
  return { folder, record, ...statusOf(folder, record) }
}

function readRecord(folder: StateFolder): OciRecord {
  try {
    return JSON.parse(readFileSync(folder.record, 'utf8')) as OciRecord
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT') && !isSystemError(cause, 'ENOTDIR'))
      throw new OperationError(
        'BAD_STATE',
        'read the state of a container',
        { path: folder.record },
        { cause },
      )
    throw new OperationError(
      'NOT_FOUND',
      `container does not exist: ${folder.id}`,
      { root: folder.root },
      { hint: 'Was it created with the same --root?' },
    )
  }
}

function statusOf(folder: StateFolder, { cgroup }: OciRecord): { status: OciStatus; pid: number } {
  const known = readProcessFile(folder.process)
  if (!known) return { status: 'creating', pid: 0 }
  if (!isProcessAlive(known.pid, known.startTicks)) return { status: 'stopped', pid: 0 }
  const { pid } = known
  if (existsSync(folder.gate)) return { status: 'created', pid }
  return { status: cgroup && isFrozen(cgroup) ? 'paused' : 'running', pid }
}

/** @throws {OperationError} `BAD_STATE` where it is in none of these states */
export function requireStatus(
  { record, status }: OciContainer,
  step: string,
  ...wanted: readonly OciStatus[]
): void {
  if (wanted.includes(status)) return
  throw new OperationError(
    'BAD_STATE',
    `cannot ${step} a container that is ${status}`,
    { id: record.id },
    { hint: `It must be ${wanted.join(' or ')}` },
  )
}

/**
 * The groups that go with a container by our doing. That of its unit is systemd's to remove: it hears that the group is
 * empty only while it is there, and would keep the unit.
 */
export function ownGroups(location: CgroupLocation, unit: string | undefined): CgroupLocation {
  return unit === undefined ? location : { ...location, v2: undefined }
}
