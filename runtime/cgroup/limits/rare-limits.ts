import { OperationError } from '../../../native/error.ts'
import type { CgroupResources, HugepageLimit } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import { maxUint64, requireInteger, v1Source, v2Source } from './limit-write.ts'

const pageSizePattern = /^[1-9]\d*[KMG]B$/

/**
 * Files for `linux.resources.hugepageLimits`: reservations too where the kernel counts them, so
 * that a program is refused at mmap and not killed by SIGBUS at first use.
 *
 * @throws {OperationError} `INVALID_SPEC` for a bad page size or limit
 */
export function hugepageLimits(
  limits: readonly HugepageLimit[],
  { version }: LimitContext,
): LimitWrite[] {
  const suffix = version === 'v2' ? 'max' : 'limit_in_bytes'
  const source =
    version === 'v2' ? `${v2Source}#hugetlb-interface-files` : `${v1Source}/hugetlb.html`
  return limits.flatMap(({ pageSize, limit }): LimitWrite[] => {
    if (!pageSizePattern.test(pageSize))
      throw new OperationError(
        'INVALID_SPEC',
        'check linux.resources.hugepageLimits.pageSize',
        { value: pageSize },
        { hint: 'Write a size that /sys/kernel/mm/hugepages has, as in 2MB or 1GB' },
      )
    const value = requireInteger('hugepageLimits.limit', limit, 0, maxUint64)
    const why = `bytes of ${pageSize} huge pages`
    return [
      { file: `hugetlb.${pageSize}.${suffix}`, value, why, source },
      {
        file: `hugetlb.${pageSize}.rsvd.${suffix}`,
        value,
        why: `${why} that may be reserved (Linux 5.7)`,
        source,
        tolerate: ['ENOENT'],
      },
    ]
  })
}

/** Files for `linux.resources.rdma`, the same in v1 and v2. */
export function rdmaLimits(
  rdma: NonNullable<CgroupResources['rdma']>,
  _context: LimitContext,
): LimitWrite[] {
  return Object.entries(rdma).map(([device, { hcaHandles, hcaObjects }]) => {
    if (!/^[\w.-]+$/.test(device))
      throw new OperationError('INVALID_SPEC', 'check linux.resources.rdma', { device })
    const parts = [device]
    if (hcaHandles !== undefined)
      parts.push(`hca_handle=${requireInteger('rdma.hcaHandles', hcaHandles, 0, 4_294_967_295)}`)
    if (hcaObjects !== undefined)
      parts.push(`hca_object=${requireInteger('rdma.hcaObjects', hcaObjects, 0, 4_294_967_295)}`)
    const source = `${v2Source}#rdma-interface-files`
    return { file: 'rdma.max', value: parts.join(' '), why: 'RDMA handles and objects', source }
  })
}

/** v1 only: class of outgoing packets, for tc. */
export function networkClassLimits(classId: number | bigint): LimitWrite[] {
  return [
    {
      file: 'net_cls.classid',
      value: requireInteger('network.classID', classId, 0, 4_294_967_295),
      why: 'class of outgoing packets, for tc filters',
      source: `${v1Source}/net_cls.html`,
    },
  ]
}

/** v1 only: priority of outgoing packets per interface. */
export function networkPriorityLimits(
  priorities: readonly { readonly name: string; readonly priority: number | bigint }[],
): LimitWrite[] {
  return priorities.map(({ name, priority }) => {
    if (!/^[^\s/]{1,15}$/.test(name))
      throw new OperationError('INVALID_SPEC', 'check linux.resources.network.priorities', { name })
    return {
      file: 'net_prio.ifpriomap',
      value: `${name} ${requireInteger('network.priorities.priority', priority, 0, 4_294_967_295)}`,
      why: 'priority of packets on one interface',
      source: `${v1Source}/net_prio.html`,
    }
  })
}
