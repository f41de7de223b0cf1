import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { chownSync, writeFileSync } from 'node:fs'
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { planCgroup } from '../cgroup/plan-cgroup.ts'
import type { Program } from '../program/program.ts'
import { compile } from '../program/compile.ts'
import type { CompileInput } from '../program/compile-input.ts'
import { encodeProgram } from '../program/encode.ts'
import type { Config } from '../spec/config.ts'
import { stringifyJson } from '../spec/json.ts'
import { accountsOf } from './accounts.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { monitorCommands } from './monitor-commands.ts'
import { extendConfig } from './extend-config.ts'
import { gatherFacts } from './gather-facts.ts'
import { joinedNamespaces } from './joined-namespaces.ts'
import { buildConfig, containerHostname } from './oci-config/build-config.ts'
import { requireMappedUser } from './mapped-ids.ts'
import { type PreparedNetwork, prepareNetwork } from './prepare-network.ts'
import { bootId } from '../../native/boot-id.ts'
import { readStartTicks } from './process-identity.ts'
import type { ContainerRecord } from './record.ts'
import { type RootSource, rootOfRecord } from './resolve-image.ts'
import { requireNamespaces } from './rootless-start.ts'
import type { SpareNetwork } from './spare-networks.ts'
import { startInput } from './start-input.ts'
import type { StartRecord } from './start-record.ts'
import { type UserMappings, userMappings } from './user-mappings.ts'
import type { SubmittedProgram } from './zygote.ts'

export interface StartWish {
  /** Size of the user's terminal, for `-t`. */
  readonly terminal?: { readonly rows: number; readonly columns: number } | undefined
  /** Hold back output until a client has attached. */
  readonly hold: boolean
  /** Be told of the end of a container that goes with it before its files and addresses are gone. */
  readonly isPrompt?: boolean | undefined
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
  /** For the shim. */
  readonly submission: SubmittedProgram
  /** The same for people: compiled when it is asked for. */
  readonly program: Program
  readonly start: StartRecord
  readonly root: RootSource
  /** Give back what was reserved, when the start does not come about. */
  undo(): void
  /** What can be seen to while the shim is at work. */
  underWay(): void
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
    const config = await extendConfig(plain, { folders, record, accounts: root })
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
    const input = startInput({
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
    const configText = `${stringifyJson(config)}\n`
    const program = compileOnce(input)
    const kept = wish.trace ? undefined : context.startPrograms
    const prepared = {
      config,
      configText,
      submission:
        kept?.programFor(input, configText) ??
        encodeProgram(program(), { trace: wish.trace ?? false, reasons: false }),
      get program() {
        return program()
      },
      start,
      root,
      undo,
      underWay: () => network.lookAgain?.(),
      release: () => spare?.release(),
    }
    wish.onPrepared?.(prepared)
    return prepared
  } catch (error) {
    undo()
    throw error
  }
}

/** Both the shim and people may want it, or people alone, or nobody. */
function compileOnce(input: CompileInput): () => Program {
  let compiled: Program | undefined
  return () => (compiled ??= compile(input))
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
