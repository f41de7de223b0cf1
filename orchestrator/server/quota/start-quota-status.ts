import { formatUsage } from '../../api/limits/quota-usage.ts'
import { sameJson, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { ApiContext } from '../api-context.ts'
import { serverUser } from '../bootstrap.ts'
import { followKind } from '../follow-kind.ts'
import { countUsage } from './count-usage.ts'

// Keeps what the status of a ResourceQuota says true: counts again when something in its namespace came, went or ended.

const write = { user: serverUser, dryRun: false }
/** Many changes come at once: they are counted together. */
const gatherMs = 100

export async function startQuotaStatus(context: ApiContext): Promise<{ stop(): Promise<void> }> {
  const { store, registry, resources, logger } = context
  const kind = registry.byKind('v1', 'ResourceQuota')!
  const quotas = new Map<string, Map<string, KubeObject>>()
  const waiting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function refresh(quota: KubeObject): Promise<void> {
    const { namespace, name = '' } = quota.metadata
    const count = async (current: KubeObject): Promise<KubeObject> => {
      const usage = await countUsage(store, registry, current)
      const used = Object.entries(usage).map(([key, amount]) => [key, formatUsage(key, amount)])
      const hard = (valueAt(current, ['spec', 'hard']) ?? {}) as JsonObject
      const status = { ...current.status, hard, used: Object.fromEntries(used) as JsonObject }
      return sameJson(status, current.status) ? current : { ...current, status }
    }
    try {
      await resources.update(kind, namespace, name, count, write, 'status')
    } catch (error) {
      if (error instanceof StatusError && error.status.code === 404) return
      logger.error(`count what quota ${namespace}/${name} has`, error)
    }
  }

  async function work(): Promise<void> {
    const namespaces = [...waiting]
    waiting.clear()
    for (const namespace of namespaces)
      for (const quota of quotas.get(namespace)?.values() ?? []) await refresh(quota)
  }

  function offer(namespace: string): void {
    if (!quotas.has(namespace)) return
    waiting.add(namespace)
    timer ??= setTimeout(() => {
      timer = undefined
      running = running.then(work)
    }, gatherMs)
  }

  const follower = await followKind(store, kind, {
    onObject: (quota) => {
      const { namespace = '', name = '' } = quota.metadata
      const known = quotas.get(namespace) ?? new Map<string, KubeObject>()
      quotas.set(namespace, known.set(name, quota))
      offer(namespace)
    },
    onGone: ({ metadata }) => {
      const { namespace = '', name = '' } = metadata
      quotas.get(namespace)?.delete(name)
      if (quotas.get(namespace)?.size === 0) quotas.delete(namespace)
    },
  })
  const watch = await store.watch('/registry/', await store.currentRevision(), {
    onEvents: (events) => {
      // /registry/GROUP/PLURAL/NAMESPACE/NAME
      for (const { key } of quotas.size > 0 ? events : []) offer(key.split('/')[4] ?? '')
    },
  })
  return {
    stop: async () => {
      follower.stop()
      watch.stop()
      clearTimeout(timer)
      await running
    },
  }
}
