import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { JsonObject } from '../../orchestrator/api/object.ts'
import { removePodVolumes } from '../../orchestrator/node/volumes/pod-volumes.ts'

/** The folder of a pod on a node; its volumes are gone with the test. */
export function podFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pod-volumes-')))
  t.teardown(() => {
    removePodVolumes(folder)
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** A container `web` with these volume mounts. */
export function container(mounts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { name: 'web', volumeMounts: mounts, ...more }
}
