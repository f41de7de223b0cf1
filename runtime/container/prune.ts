import type { PruneFilter, PruneResult } from '../cli/engine.ts'
import { dependentsOf } from './dependents.ts'
import type { EngineContext } from './engine-context.ts'
import { listContainers } from './list.ts'
import { removeContainer } from './remove.ts'

/** Remove every container that does not run, and that nobody who stays requires. */
export async function pruneContainers(
  context: EngineContext,
  filter: PruneFilter,
): Promise<PruneResult> {
  const deleted: string[] = []
  let reclaimedBytes = 0
  for (const { record, state, size } of await listContainers(context, { all: true, size: true })) {
    const isEnded = state.status === 'exited' || state.status === 'created'
    if (!isEnded || !matches(record.created, record.resolved.labels, filter)) continue
    if (dependentsOf(context.folders, record).length > 0) continue
    await removeContainer(context, record.id, { force: false, volumes: false })
    deleted.push(record.id)
    reclaimedBytes += size?.writable ?? 0
  }
  return { deleted, reclaimedBytes }
}

/** Whether something made at `created` with these labels may go. */
export function matches(
  created: string,
  labels: Readonly<Record<string, string>>,
  filter: PruneFilter,
): boolean {
  const has = (wanted: string): boolean => {
    const [name = '', ...value] = wanted.split('=')
    return Object.hasOwn(labels, name) && (value.length === 0 || labels[name] === value.join('='))
  }
  return (
    (filter.until === undefined || Date.parse(created) < filter.until) &&
    filter.labels.every(has) &&
    !filter.notLabels.some(has)
  )
}
