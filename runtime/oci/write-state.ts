import { writeFileSync } from 'node:fs'
import { foldersOf } from '../cgroup/cgroup-files.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import type { Config } from '../spec/config.ts'
import { stringifyJson } from '../spec/json.ts'
import type { OciRecord } from './oci-record.ts'
import type { StateFolder } from './state-folder.ts'

/** native/shim/oci-container.h, enum launch_flag. */
const launchFlag = { nodeStarts: 1, nodeDeletes: 2, nodeLooks: 4 } as const

/** Everything that later commands need, written before anything of the container exists. */
export function writeState(folder: StateFolder, record: OciRecord, config: Config): void {
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 })
  write(folder.config, stringifyJson(config))
  write(folder.record, JSON.stringify(record))
  write(folder.state, `${JSON.stringify(publicState(record), undefined, 2)}\n`)
  write(folder.launch, launchText(record, config))
}

function publicState(record: OciRecord): Readonly<Record<string, unknown>> {
  const { ociVersion, id, bundle, rootfs, created, owner, annotations } = record
  return { ociVersion, id, bundle, rootfs, created, owner, annotations }
}

function launchText(record: OciRecord, { hooks }: Config): string {
  const { cgroup, notifySocket } = record
  let flags = 0
  if ((hooks?.poststart?.length ?? 0) > 0 || notifySocket !== undefined)
    flags |= launchFlag.nodeStarts
  if ((hooks?.poststop?.length ?? 0) > 0) flags |= launchFlag.nodeDeletes
  if (cgroup !== undefined && cgroup.v2 === undefined) flags |= launchFlag.nodeLooks
  const groups = cgroup === undefined ? [] : groupFolders(cgroup)
  return `mycontainer-oci 1 ${flags}\n${cgroup?.v2 ?? '-'}\n${groups.join('\n')}\n`
}

function groupFolders(cgroup: CgroupLocation): string[] {
  return [...new Set(foldersOf(cgroup))]
}
