import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeRun } from './container-runs.ts'
import type { findRuns } from './container-runs.ts'
import { removePodGroup } from './pod-cgroup.ts'
import { removePodFiles } from './pod-files.ts'
import type { PodTools } from './pod-tools.ts'
import { removeSandbox } from './sandbox.ts'
import { removePodVolumes } from './volumes/pod-volumes.ts'

/** Remove what is left of pods that went while nobody was here. @param present uids of those that the node has */
export async function removeOrphans(
  { context, podsFolder, network, onProblem }: PodTools,
  runs: ReturnType<typeof findRuns>,
  present: ReadonlySet<string>,
): Promise<void> {
  for (const [uid, records] of runs)
    if (!present.has(uid)) for (const { id } of records) await removeRun(context, id)
  mkdirSync(podsFolder, { recursive: true, mode: 0o711 })
  for (const uid of readdirSync(podsFolder)) {
    if (present.has(uid)) continue
    const folder = join(podsFolder, uid)
    try {
      removePodVolumes(folder)
      removePodFiles(folder)
      removeSandbox(folder)
      removePodGroup(context.facts, uid)
      rmSync(folder, { recursive: true, force: true })
    } catch (error) {
      onProblem(`remove what is left of pod ${uid}`, error)
    }
  }
  network.keepOnly(present)
}
