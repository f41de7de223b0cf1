import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KubeObject } from '../../api/object.ts'
import { podLogFolder } from './log-path.ts'

/**
 * Show a container's log under the name that log collectors look for; a link that is there is replaced at once.
 *
 * @param path of `containerLogPath` @param file which the container's monitor writes, need not be there yet
 */
export function publishLog(path: string, file: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const next = `${path}.next`
  rmSync(next, { force: true })
  symlinkSync(file, next)
  renameSync(next, path)
}

/** Take away the names of a pod's logs, not what they point to. Fine where there are none. */
export function withdrawLogs(root: string, pod: KubeObject): void {
  rmSync(podLogFolder(root, pod), { recursive: true, force: true })
}
