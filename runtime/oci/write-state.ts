import { writeFileSync } from 'node:fs'
import { foldersOf } from '../cgroup/cgroup-files.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import type { Config } from '../spec/config.ts'
import { stringifyJson } from '../spec/json.ts'
import { type OciRecord, ownGroups } from './oci-record.ts'
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

function launchText(record: OciRecord, config: Config): string {
  const { cgroup, notifySocket } = record
  const { startContainer = [], poststart = [], poststop = [] } = config.hooks ?? {}
  let flags = 0
  const isPlainStart =
    startContainer.length + poststart.length === 0 && config.process !== undefined
  if (!isPlainStart || notifySocket !== undefined) flags |= launchFlag.nodeStarts
  if (poststop.length > 0 || !ownsMounts(config) || record.rdt !== undefined)
    flags |= launchFlag.nodeDeletes
  if (cgroup !== undefined && cgroup.v2 === undefined) flags |= launchFlag.nodeLooks
  const groups = cgroup === undefined ? [] : groupFolders(ownGroups(cgroup, record.unit))
  return `mycontainer-oci 1 ${flags}\n${cgroup?.v2 ?? '-'}\n${groups.join('\n')}\n`
}

/** Whether its mounts go with its mount namespace. */
function ownsMounts({ linux }: Config): boolean {
  return linux?.namespaces?.some(({ type, path }) => type === 'mount' && !path) === true
}

function groupFolders(cgroup: CgroupLocation): string[] {
  return [...new Set(foldersOf(cgroup))]
}
