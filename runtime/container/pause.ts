import { OperationError } from '../../native/error.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import { freeze, thaw } from '../cgroup/freeze.ts'
import { trackingFolder } from '../cgroup/list-pids.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'
import { readStartRecord } from './start-record.ts'
import type { ContainerStatus } from './state.ts'

/** Freeze every process of a running container (cgroup v2 freezer). @throws `BAD_STATE` */
export function pauseContainer(context: EngineContext, reference: string): void {
  const record = resolveContainer(context.folders, reference)
  freeze(groupOf(context, record, 'running', 'pause'))
  publishContainerEvent(context.folders, record, 'pause')
}

/** Let a paused container go on. @throws `BAD_STATE` where it is not paused */
export function unpauseContainer(context: EngineContext, reference: string): void {
  const record = resolveContainer(context.folders, reference)
  thaw(groupOf(context, record, 'paused', 'unpause'))
  publishContainerEvent(context.folders, record, 'unpause')
}

function groupOf(
  context: EngineContext,
  record: ContainerRecord,
  wanted: ContainerStatus,
  verb: string,
): CgroupLocation {
  const { status } = readState(context.folders, record)
  const start = readStartRecord(containerFolder(context.folders, record.id))
  if (status === wanted && start) return requireGroup(start.cgroup, record, verb)
  throw new OperationError(
    'BAD_STATE',
    `${verb} the container ${record.name}`,
    { status },
    { hint: `It must be ${wanted}`, exitCode: 1 },
  )
}

/** An ordinary user without delegated groups has containers without any. */
function requireGroup(
  cgroup: CgroupLocation,
  { name }: ContainerRecord,
  verb: string,
): CgroupLocation {
  if (trackingFolder(cgroup) !== undefined) return cgroup
  throw new OperationError(
    'UNSUPPORTED',
    `${verb} the container ${name}`,
    { missing: 'a control group' },
    {
      hint: 'It was started by a user who may make no control groups; delegate some (systemd: Delegate=yes on user@.service), or run it as root',
    },
  )
}
