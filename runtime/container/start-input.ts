import { mkdirSync } from 'node:fs'
import { shimPath } from '../../native/paths.ts'
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import type { CompileInput } from '../program/compile-input.ts'
import type { Config } from '../spec/config.ts'
import { volumesFolder } from '../volume/volume-store.ts'
import { containerFolder, containersFolder, logFileName, removedName } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { landlockOf } from './landlock-of.ts'
import type { Hook } from './monitor-commands.ts'
import { namesFolder } from './name-registry.ts'
import type { PreparedNetwork } from './prepare-network.ts'
import type { StartWish } from './prepare-start.ts'
import { preservedDescriptors } from './preserved-descriptors.ts'
import type { ContainerRecord } from './record.ts'
import type { RootSource } from './resolve-image.ts'

export interface StartSources {
  readonly context: EngineContext
  readonly record: ContainerRecord
  readonly wish: StartWish
  readonly config: Config
  readonly root: RootSource
  readonly cgroup: CgroupPlan
  readonly network: PreparedNetwork
  readonly leases: readonly string[]
  readonly hook: Hook
}

/** What the program of a start is compiled from. */
export function startInput(sources: StartSources): CompileInput {
  const { context, record, wish, config, root, cgroup, network, leases, hook } = sources
  const { folders, facts } = context
  const { options } = record
  const folder = containerFolder(folders, record.id)
  if (options.log.driver !== 'none') mkdirSync(folder.logs, { recursive: true })
  return {
    id: record.id,
    config,
    host: facts,
    root: options.rootfs
      ? { kind: 'folder', path: options.image }
      : {
          kind: 'overlay',
          lower: root.layerFolders,
          upper: folder.upper,
          work: folder.work,
          volatile: options.rm,
        },
    cgroup,
    network: network.attachment && { ...network.attachment, leases },
    stdio: options.tty
      ? { kind: 'terminal', ...(wish.terminal ?? { rows: 24, columns: 80 }) }
      : { kind: 'pipes', stdin: options.interactive },
    stateDir: folder.state,
    log: logPlan(record, folder.logs),
    monitor: {
      hold: wish.hold,
      keepStdin: options.interactive && options.detach && options.stdinOnce !== true,
      stdinOnce: options.interactive && (!options.detach || options.stdinOnce === true),
      ...hook,
      ...(options.timeout ? { timeoutMs: options.timeout * 1000 } : {}),
    },
    landlock: landlockOf(options, config),
    // A restart by policy has no caller to take them from.
    ...(wish.restartCount ? {} : preservedDescriptors(context, options.preserveFds)),
    gate: false,
    // Not bound from the host: with CAP_SYS_ADMIN such a mount could be made writable (CVE-2019-5736).
    ...(options.init ? { init: shimPath } : {}),
    remove: options.rm
      ? [
          ...anonymousVolumes(record).map((name) => ({
            folder: volumesFolder(folders.dataDir),
            name,
          })),
          // The name first: once the folder is gone it may be somebody else's.
          { folder: namesFolder(folders), name: record.name },
          {
            folder: containersFolder(folders),
            name: record.id,
            ...(wish.isPrompt && { aside: removedName(record.id) }),
          },
        ]
      : [],
  }
}

/** Volumes made for this container alone: `--rm` takes them along. */
function anonymousVolumes({ mounts }: ContainerRecord): string[] {
  return mounts.flatMap(({ anonymous, name }) => (anonymous && name !== undefined ? [name] : []))
}

const defaultLogBytes = 10 * 1024 * 1024
const defaultLogFiles = 3

function logPlan({ options: { log } }: ContainerRecord, directory: string): CompileInput['log'] {
  if (log.driver === 'none') return undefined
  return {
    directory,
    name: logFileName,
    format: log.driver === 'json-file' ? 'json-file' : 'cri',
    maxSize: log.maxSize === -1 ? 0 : (log.maxSize ?? defaultLogBytes),
    maxFiles: log.maxFiles ?? defaultLogFiles,
  }
}
