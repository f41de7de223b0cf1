import { rmSync } from 'node:fs'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import { removeRun } from './container-runs.ts'
import { withdrawLogs } from './logs/publish-log.ts'
import type { PodFactsByContainer } from './pod-containers.ts'
import type { PodTools } from './pod-tools.ts'

const kind = { apiVersion: 'v1', kind: 'Pod' }

/**
 * Remove what a pod leaves that has ended and whose place is released, then its object: only now may another have its name.
 *
 * @param folder the pod's own
 */
export async function forgetPod(
  tools: PodTools,
  { pod, folder, facts }: { pod: KubeObject; folder: string; facts: PodFactsByContainer },
): Promise<void> {
  const { uid = '' } = pod.metadata
  for (const { current, previous } of facts.values())
    for (const run of [current, previous]) if (run) await removeRun(tools.context, run.id)
  withdrawLogs(tools.logsFolder, pod)
  rmSync(folder, { recursive: true, force: true })
  tools.restarts.forget(`${uid}/`)
  tools.pulls.forget(`${uid}/`)
  await deleteFromApi(tools, pod)
}

async function deleteFromApi({ client }: PodTools, { metadata }: KubeObject): Promise<void> {
  const { name = '', namespace, uid = '' } = metadata
  try {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    await client.delete(kind, { name, namespace }, options)
  } catch (error) {
    if (!(error instanceof StatusError) || ![404, 409].includes(error.status.code)) throw error
  }
}
