import type { CgroupResources } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import { requireInteger, v1Source, v2Source } from './limit-write.ts'

// PID_MAX_LIMIT of 64-bit kernels; more is EINVAL (kernel/cgroup/pids.c).
const MAX_PIDS = 4_194_304

/**
 * `pids.max` for `linux.resources.pids.limit`: negative is no limit. Zero becomes one, because
 * a group that may hold no process can hold no container.
 *
 * @throws {OperationError} `INVALID_SPEC` when the limit is not a number the kernel takes
 */
export function pidsLimits(
  pids: NonNullable<CgroupResources['pids']>,
  { version }: LimitContext,
): LimitWrite[] {
  if (pids.limit === undefined) return []
  const limit = requireInteger('pids.limit', pids.limit, -1, Number.MAX_SAFE_INTEGER)
  const isUnlimited = limit === '-1' || Number(limit) > MAX_PIDS
  return [
    {
      file: 'pids.max',
      value: isUnlimited ? 'max' : limit === '0' ? '1' : limit,
      why: 'most processes and threads at once: stops fork bombs',
      source: version === 'v2' ? `${v2Source}#pid-interface-files` : `${v1Source}/pids.html`,
    },
  ]
}
