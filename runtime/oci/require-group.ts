import { OperationError } from '../../native/error.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import type { OciContainer } from './oci-record.ts'

/** @throws {OperationError} `UNSUPPORTED` for a container without control groups */
export function requireGroup({ record }: OciContainer, step: string): CgroupLocation {
  if (record.cgroup) return record.cgroup
  throw new OperationError(
    'UNSUPPORTED',
    `${step} a container without control groups`,
    { id: record.id },
    { hint: 'Create it without --cgroup-manager disabled, as a user who may make groups' },
  )
}
