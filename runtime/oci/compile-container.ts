import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { OperationError } from '../../native/error.ts'
import { type HostFacts, readHostFacts } from '../inspect-host/host-facts.ts'
import { compile } from '../program/compile.ts'
import type { ConsoleReceiver } from '../program/compile-input.ts'
import type { Program } from '../program/program.ts'
import type { Config } from '../spec/config.ts'
import {
  keptDescriptors,
  listenedDescriptors,
  withListenedDescriptors,
} from './caller-descriptors.ts'
import type { Caller } from './caller.ts'
import { streamsOf } from './caller-streams.ts'
import { grantableProcess } from './grantable-capabilities.ts'
import { type RdtGroup, findResctrl, planRdt } from './intel-rdt.ts'
import { planNetDevices } from './net-devices.ts'
import { withNotifySocket } from './notify-mount.ts'
import { type CgroupManager, planGroups, planUnitGroups, unitOf } from './oci-cgroup.ts'
import { type Bundle, readBundle } from './read-bundle.ts'
import { type StateFolder, stateFolder } from './state-folder.ts'
import type { UnitPlace } from './systemd-path.ts'

export interface ContainerWish {
  readonly id: string
  /** Folder of all containers. */
  readonly root: string
  readonly bundle: string
  readonly configFile?: string | undefined
  /** Who gets its terminal; told whether it is to have one. */
  readonly consoleOf: (hasTerminal: boolean) => ConsoleReceiver | undefined
  readonly pidFile?: string | undefined
  /** Socket that gets a descriptor of its first process. */
  readonly pidfdSocket?: string | undefined
  readonly preserveFds: number
  readonly noPivot: boolean
  readonly noNewKeyring: boolean
  readonly cgroupManager: CgroupManager
  /** Group of the systemd that makes its unit; absent: none is asked. */
  readonly unitsTop?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly warn: (message: string) => void
}

/** Everything about a container that is to be; nothing of it exists yet. */
export interface CompiledContainer {
  readonly folder: StateFolder
  readonly bundle: Bundle
  /** As the bundle has it, with what the runtime adds. */
  readonly config: Config
  readonly cgroup: CgroupPlan | undefined
  /** What systemd is to make before the program runs. */
  readonly unit: UnitPlace | undefined
  readonly program: Program
  /** Of linux.intelRdt. */
  readonly rdt: RdtGroup | undefined
  /** Socket of the caller's that is to be notified. */
  readonly notifySocket: string | undefined
}

/**
 * Read a bundle and compile it to the program that makes the container. Nothing is changed.
 *
 * @param open how many descriptors from 3 on the caller has open, without a gap
 * @throws {OperationError} `INVALID_SPEC`, `NOT_FOUND`, `UNSUPPORTED`, `INVALID_ARGUMENT`
 */
export function compileContainer(
  caller: Caller,
  wish: ContainerWish,
  open: number,
): CompiledContainer {
  const folder = stateFolder(wish.root, wish.id)
  const bundle = readBundle(wish.bundle, wish.configFile)
  const facts = readHostFacts()
  requireRoot(facts)
  const listened = listenedDescriptors(caller, wish.env)
  const { config: whole, socket } = withNotifySocket(
    folder,
    withListenedDescriptors(bundle.config, listened),
    wish.env,
  )
  const { process } = whole
  const config = process
    ? { ...whole, process: grantableProcess(process, whole, facts, wish.warn) }
    : whole
  const { intelRdt } = config.linux ?? {}
  const rdt = intelRdt && planRdt(wish.id, intelRdt, findResctrl())
  const { unit, cgroup } = groupsOf(wish, config, facts)
  const program = compile({
    id: wish.id,
    config,
    host: { ...facts, cgroupMode: facts.cgroups.mode },
    root: { kind: 'folder', path: bundle.rootfs, ownership: 'mapped' },
    cgroup,
    network: undefined,
    netDevices: planNetDevices(config),
    stdio: streamsOf(caller, config.process),
    console: wish.consoleOf(config.process?.terminal === true),
    pidfdSocket: wish.pidfdSocket,
    leave: true,
    gate: true,
    stateDir: folder.path,
    bundle: bundle.path,
    log: undefined,
    monitor: { hold: false, keepStdin: false, stdinOnce: false },
    newKeyring: !wish.noNewKeyring,
    noPivot: wish.noPivot,
    ...keptDescriptors(caller, wish.preserveFds + listened, open),
  })
  return { folder, bundle, config, cgroup, unit, rdt, program, notifySocket: socket }
}

function groupsOf(
  { id, cgroupManager, unitsTop: top }: ContainerWish,
  config: Config,
  facts: HostFacts,
): Pick<CompiledContainer, 'cgroup' | 'unit'> {
  const unit = top === undefined ? undefined : unitOf(id, config, facts)
  if (top === undefined || !unit)
    return { unit: undefined, cgroup: planGroups(id, config, facts, cgroupManager) }
  return { unit, cgroup: planUnitGroups(unit, top, config, facts) }
}

/** What podman does for an ordinary user before it calls a runtime: everything then happens in a user namespace. */
function requireRoot({ euid }: HostFacts): void {
  if (euid === 0) return
  throw new OperationError(
    'UNSUPPORTED',
    'create a container as an ordinary user without a user namespace',
    { uid: euid },
    {
      hint: 'Call it by podman, inside "podman unshare" or "unshare --map-root-user --mount", or use "mycontainer run"',
    },
  )
}
