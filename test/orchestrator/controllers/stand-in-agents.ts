import type { Test } from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import type { Client } from '../../../orchestrator/client/client.ts'
import { makeInformer } from '../../../orchestrator/client/informer.ts'
import { kinds } from '../../../orchestrator/controllers/objects/kinds.ts'

/** Say of every pod that comes that it runs and is ready, as agents would; except of those that the test picks out. */
export async function runPods(
  t: Test,
  client: Client,
  fails: (pod: KubeObject) => boolean = () => false,
): Promise<void> {
  const pods = makeInformer(client, kinds.pod)
  const underWay = new Set<Promise<unknown>>()
  t.teardown(async () => {
    pods.stop()
    await Promise.allSettled(underWay)
  })
  pods.onChange((pod, isThere) => {
    const { name = '', namespace, deletionTimestamp } = pod.metadata
    if (!isThere || deletionTimestamp || pod.status?.['phase'] === 'Running' || fails(pod)) return
    const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }]
    const body = { status: { phase: 'Running', conditions } }
    // One that is gone meanwhile needs no status.
    const write = client.patch(pod, { name, namespace }, 'merge', body, 'status').catch(() => {})
    underWay.add(write)
    void write.finally(() => underWay.delete(write))
  })
  await pods.synced
}
