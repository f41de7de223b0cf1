import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { planCgroup } from '../cgroup/plan-cgroup.ts'
import type { Program } from '../program/program.ts'
import { compile } from '../program/compile.ts'
import type { Config } from '../spec/config.ts'
import { stringifyJson } from '../spec/json.ts'
import { shimPath } from '../../native/paths.ts'
import { accountsOf } from './accounts.ts'
import { containerFolder, containersFolder, logFileName } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { type Hook, monitorCommands } from './monitor-commands.ts'
import { extendConfig } from './extend-config.ts'
import { gatherFacts } from './gather-facts.ts'
import { joinedNamespaces } from './joined-namespaces.ts'
import { landlockOf } from './landlock-of.ts'
import { namesFolder } from './name-registry.ts'
import { buildConfig, containerHostname } from './oci-config/build-config.ts'
import { requireMappedUser } from './mapped-ids.ts'
import { type PreparedNetwork, prepareNetwork } from './prepare-network.ts'
import { preservedDescriptors } from './preserved-descriptors.ts'
import { bootId } from '../../native/boot-id.ts'
import { readStartTicks } from './process-identity.ts'
import type { ContainerRecord } from './record.ts'
import { type RootSource, rootOfRecord } from './resolve-image.ts'
import { requireNamespaces } from './rootless-start.ts'
import type { SpareNetwork } from './spare-networks.ts'
import type { StartRecord } from './start-record.ts'
import { type UserMappings, userMappings } from './user-mappings.ts'
import { volumesFolder } from '../volume/volume-store.ts'

export interface StartWish {
  /** Size of the user's terminal, for `-t`. */
  readonly terminal?: { readonly rows: number; readonly columns: number } | undefined
  /** Hold back output until a client has attached. */
  readonly hold: boolean
  /** Have the shim say what each step took. */
  readonly trace?: boolean | undefined
  /** Told when all is ready and the program about to be executed, so that a client can attach meanwhile. */
  readonly onPreExec?: (() => void) | undefined
  /** How often the restart policy has started it since a user did. */
  readonly restartCount?: number | undefined
  /** Look up and reserve, but leave the host's networks as they are. */
  readonly isDryRun?: boolean | undefined
  /** Told before anything is done: what explains a start shows it here. */
  readonly onPrepared?: ((prepared: PreparedStart) => void) | undefined
}

/** Everything a start needs, looked up and reserved; nothing of the container exists yet. */
export interface PreparedStart {
  readonly config: Config
  readonly configText: string
  readonly program: Program
  readonly start: StartRecord
  readonly root: RootSource
  readonly trace: boolean
  /** Give back what was reserved, when the start does not come about. */
  undo(): void
  /** Let go of what was needed for the start alone. */
  release(): void
}

/**
 * Compile one start of a container.
 *
 * @throws {OperationError} before anything is made; what was reserved until then is given back
 */
export async function prepareStart(
  context: EngineContext,
  record: ContainerRecord,
  wish: StartWish,
): Promise<PreparedStart> {
  requireNamespaces(context)
  const { folders, facts: host } = context
  const { options } = record
  const image = await rootOfRecord(context, record.imageId, options)
  const root = { ...image, ...(await accountsOf(context, record, image, true)) }
  const joined = joinedNamespaces(folders, options)
  const mappings = userMappings(folders, options, record.id, host.rootless)
  const leases = mappings.lease === undefined ? [] : [mappings.lease]
  let spare: SpareNetwork | undefined
  const undo = (): void => {
    spare?.release()
    for (const lease of leases) unlinkIfPresent(lease)
  }
  try {
    if (wish.isDryRun !== true && record.mounts.some(({ type }) => type === 'volume')) {
      const { mountVolumes } = await import('./volume-mounts.ts')
      leases.push(...mountVolumes(folders, record))
    }
    const isMapped = mappings.uid.length > 0
    const network = await prepareNetwork(context, record, { isDryRun: wish.isDryRun, isMapped })
    spare = network.spare
    leases.push(...network.leases)
    const facts = gatherFacts({
      folders,
      host,
      record,
      root,
      joined,
      mappings,
      terminal: options.tty ? (wish.terminal ?? { rows: 24, columns: 80 }) : undefined,
    })
    const plain = buildConfig(options, record.resolved, facts)
    const config = await extendConfig(plain, containerFolder(folders, record.id), options)
    if (config.process && mappings.uid.length === 0) requireMappedUser(context, config.process.user)
    const cgroup = planCgroup({
      hierarchy: host.cgroups,
      resources: config.linux?.resources,
      cgroupPath: record.cgroupPath,
      rootless: host.rootless,
    })
    const start = startRecord(wish, network, cgroup, leases)
    writeIdentityFiles(context, record, containerHostname(options, facts), network, mappings)
    const hook = monitorCommands(context, record, start)
    const program = compileStart({
      context,
      record,
      wish,
      config,
      root,
      cgroup,
      network,
      leases,
      hook,
    })
    const prepared = {
      config,
      configText: `${stringifyJson(config)}\n`,
      program,
      start,
      root,
      trace: wish.trace ?? false,
      undo,
      release: () => spare?.release(),
    }
    wish.onPrepared?.(prepared)
    return prepared
  } catch (error) {
    undo()
    throw error
  }
}

function startRecord(
  wish: StartWish,
  network: PreparedNetwork,
  cgroup: CgroupPlan,
  leases: readonly string[],
): StartRecord {
  return {
    version: 1,
    bootId: bootId(),
    starterPid: process.pid,
    starterTicks: readStartTicks(process.pid) ?? 0,
    restartCount: wish.restartCount ?? 0,
    ...(network.state ? { network: network.state } : {}),
    cgroup: cgroup.location,
    leases,
  }
}

/** The files behind /etc/hostname, /etc/hosts and /etc/resolv.conf. */
function writeIdentityFiles(
  { folders }: EngineContext,
  record: ContainerRecord,
  hostname: string,
  network: PreparedNetwork,
  mappings: UserMappings,
): void {
  const folder = containerFolder(folders, record.id)
  const files: [string, string | undefined][] = [
    [folder.hostname, `${hostname}\n`],
    [folder.hosts, network.hosts],
    [folder.resolvConf, network.resolvConf],
  ]
  const [uid, gid] = [rootOnHost(mappings.uid), rootOnHost(mappings.gid)]
  for (const [path, text] of files) {
    if (text === undefined) continue
    writeFileSync(path, text, { mode: 0o644 })
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }
}

/** Id on the host of the container's root, where a user namespace maps it. */
function rootOnHost(mapping: UserMappings['uid']): number | undefined {
  return mapping.find(({ containerID }) => containerID === 0)?.hostID
}

interface CompileSources {
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

function compileStart(sources: CompileSources): Program {
  const { context, record, wish, config, root, cgroup, network, leases, hook } = sources
  const { folders, facts } = context
  const { options } = record
  const folder = containerFolder(folders, record.id)
  if (options.log.driver !== 'none') mkdirSync(folder.logs, { recursive: true })
  return compile({
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
          { folder: containersFolder(folders), name: record.id },
        ]
      : [],
  })
}

/** Volumes made for this container alone: `--rm` takes them along. */
function anonymousVolumes({ mounts }: ContainerRecord): string[] {
  return mounts.flatMap(({ anonymous, name }) => (anonymous && name !== undefined ? [name] : []))
}

const defaultLogBytes = 10 * 1024 * 1024
const defaultLogFiles = 3

function logPlan(
  { options: { log } }: ContainerRecord,
  directory: string,
): Parameters<typeof compile>[0]['log'] {
  if (log.driver === 'none') return undefined
  return {
    directory,
    name: logFileName,
    format: log.driver === 'json-file' ? 'json-file' : 'cri',
    maxSize: log.maxSize === -1 ? 0 : (log.maxSize ?? defaultLogBytes),
    maxFiles: log.maxFiles ?? defaultLogFiles,
  }
}
