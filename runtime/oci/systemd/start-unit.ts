import { OperationError } from '../../../native/error.ts'
import { waitUntil } from '../../cgroup/wait-until.ts'
import type { UnitPlace } from '../systemd-path.ts'
import type { DbusValue } from './dbus-value.ts'
import type { Systemd } from './manager.ts'
import type { UnitProperty } from './unit-limits.ts'

export interface UnitWish extends UnitPlace {
  readonly description: string
  /** What the scope begins with, and keeps it until the container is in it. */
  readonly pid: number
  readonly limits: readonly UnitProperty[]
  /** What the configuration says beside. */
  readonly properties: readonly UnitProperty[]
}

/** How long a unit of the same name may take to go, whose container was deleted right before, ms. */
const lingerMs = 2_000

/**
 * Have systemd make the unit of a container, with its groups, and wait until they are there.
 *
 * @param warn told where systemd does not know a property, which then is in the group's files alone
 * @throws {OperationError} `ALREADY_EXISTS` for a unit of that name; `SYSCALL_FAILED`, `TIMEOUT`
 */
export function startUnit(systemd: Systemd, wish: UnitWish, warn: (message: string) => void): void {
  try {
    startOnce(systemd, wish)
  } catch (error) {
    if (wish.limits.length === 0 || !isRefusedProperty(error)) throw error
    startOnce(systemd, { ...wish, limits: [] })
    warn(`limits of ${wish.unit} are not known to systemd: ${(error as Error).message}`)
  }
}

/**
 * Tell systemd of changed limits, or a reload of it would bring back the old ones.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, `TIMEOUT`
 */
export function changeUnit(systemd: Systemd, unit: string, limits: readonly UnitProperty[]): void {
  if (limits.length > 0) systemd.call('SetUnitProperties', 'sba(sv)', [unit, true, limits])
}

function startOnce(systemd: Systemd, wish: UnitWish): void {
  const arguments_: DbusValue[] = [wish.unit, 'replace', unitProperties(wish), []]
  let job: DbusValue | undefined
  const isStarted = waitUntil(() => {
    try {
      ;[job] = systemd.call('StartTransientUnit', 'ssa(sv)a(sa(sv))', arguments_)
      return true
    } catch (error) {
      if (errorName(error) !== 'org.freedesktop.systemd1.UnitExists') throw error
      forgetFailure(systemd, wish.unit)
      return false
    }
  }, lingerMs)
  if (!isStarted)
    throw new OperationError(
      'ALREADY_EXISTS',
      `there is a unit ${wish.unit} already`,
      {},
      {
        hint: `Give the container another id or cgroupsPath; "systemctl status ${wish.unit}" shows what it holds`,
      },
    )
  const result = systemd.awaitJob(job)
  if (result === 'done') return
  throw new OperationError(
    'SYSCALL_FAILED',
    `have systemd start ${wish.unit}: ${result}`,
    {},
    { hint: `See "systemctl status ${wish.unit}" and "journalctl -u ${wish.unit}"` },
  )
}

/** A unit that has failed keeps its name until somebody has seen it. */
function forgetFailure(systemd: Systemd, unit: string): void {
  try {
    systemd.call('ResetFailedUnit', 's', [unit])
  } catch {
    // It has not failed, or has gone meanwhile.
  }
}

function unitProperties({
  unit,
  slice,
  pid,
  description,
  limits,
  properties,
}: UnitWish): UnitProperty[] {
  const flag = (name: string, value: boolean): UnitProperty => [name, { signature: 'b', value }]
  const text = (name: string, value: string): UnitProperty => [name, { signature: 's', value }]
  const isSlice = unit.endsWith('.slice')
  const ownGroup: UnitProperty[] = isSlice
    ? [['Wants', { signature: 'as', value: [slice] }]]
    : [
        text('Slice', slice),
        // Groups below it are the container's own, and all controllers are there for it.
        flag('Delegate', true),
        ['PIDs', { signature: 'au', value: [pid] }],
      ]
  const given = new Set(properties.map(([name]) => name))
  return [
    text('Description', description),
    ...ownGroup,
    // It neither waits for the units of a boot, nor is it stopped before the container's engine.
    flag('DefaultDependencies', false),
    // What has ended goes, however it ended: the exit status is the engine's business.
    text('CollectMode', 'inactive-or-failed'),
    ...['CPUAccounting', 'MemoryAccounting', 'TasksAccounting', 'IOAccounting'].map((name) =>
      flag(name, true),
    ),
    ...limits,
  ]
    .filter(([name]) => !given.has(name))
    .concat(properties)
}

function errorName(error: unknown): string {
  return error instanceof OperationError ? String(error.detail['error'] ?? '') : ''
}

/** Of an older (or newer) systemd, or one that sees a value otherwise than the kernel. */
function isRefusedProperty(error: unknown): boolean {
  return /\.(PropertyReadOnly|UnknownProperty|InvalidArgs)$/.test(errorName(error))
}
