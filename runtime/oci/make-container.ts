import { mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { encodeProgram } from '../program/encode.ts'
import type { Config } from '../spec/config.ts'
import { isHookStep } from '../program/hooks.ts'
import type { ProgramLauncher, StartOutcome } from '../container/zygote.ts'
import type { Caller } from './caller.ts'
import { shareStreams } from './caller-streams.ts'
import {
  type CompiledContainer,
  type ContainerWish,
  compileContainer,
} from './compile-container.ts'
import { enterRdt } from './intel-rdt.ts'
import { hasGroups } from './oci-cgroup.ts'
import type { OciRecord } from './oci-record.ts'
import { writePidFile } from './pid-file.ts'
import type { StateFolder } from './state-folder.ts'
import { writeState } from './write-state.ts'

export interface MadeContainer {
  readonly pid: number
  readonly config: Config
}

/**
 * `create`: everything up to the container's own program, which waits at its gate. Its first process is left an orphan.
 *
 * @throws {OperationError} with nothing left behind
 */
export async function makeContainer(caller: Caller, wish: ContainerWish): Promise<MadeContainer> {
  const zygote = await caller.openZygote()
  const compiled = await compileWithGroups(caller, wish, zygote)
  for (const warning of compiled.cgroup?.warnings ?? []) wish.warn(warning)
  keepContainer(compiled)
  let failedHook = false
  try {
    const outcome = await makeIn(compiled, zygote)
    failedHook = outcome.kind === 'failed' && isHookStep(compiled.program.steps[outcome.pc])
    const pid = await pidOf(compiled, outcome)
    if (compiled.rdt) enterRdt(compiled.rdt, compiled.config.linux?.intelRdt ?? {}, pid)
    if (wish.pidFile !== undefined) writePidFile(wish.pidFile, pid)
    return { pid, config: compiled.config }
  } catch (error) {
    const { deleteContainer } = await import('./delete-container.ts')
    // After a hook that fails the life goes on at its end, poststop hooks included (runtime.md#lifecycle, step 13).
    const withoutHooks = !failedHook
    await deleteContainer(wish.root, wish.id, { force: true, warn: wish.warn, withoutHooks })
    throw error
  }
}

/** Where systemd manages the groups it makes the unit, and they are there when this returns. */
async function compileWithGroups(
  caller: Caller,
  wish: ContainerWish,
  zygote: ProgramLauncher,
): Promise<CompiledContainer> {
  const open = zygote.callerDescriptors
  if (wish.cgroupManager !== 'systemd') return compileContainer(caller, wish, open)
  const { withUnit } = await import('./systemd/with-unit.ts')
  return withUnit(wish, zygote.pid ?? process.pid, (whole) => compileContainer(caller, whole, open))
}

/**
 * The state of a container that is about to be.
 *
 * @throws {OperationError} `ALREADY_EXISTS`
 */
export function keepContainer(compiled: CompiledContainer): void {
  const { folder, config, notifySocket } = compiled
  makeFolder(folder)
  if (notifySocket !== undefined) mkdirSync(folder.notify, { mode: 0o755 })
  writeState(folder, recordOf(compiled), config)
}

function makeFolder({ root, path, id }: StateFolder): void {
  try {
    mkdirSync(root, { recursive: true, mode: 0o711 })
    mkdirSync(path, { mode: 0o711 })
  } catch (cause) {
    if (isSystemError(cause, 'EEXIST'))
      throw new OperationError(
        'ALREADY_EXISTS',
        `container with id exists: ${id}`,
        { path },
        { hint: 'Choose another id, or delete that container' },
      )
    throw new OperationError('SYSCALL_FAILED', 'make the state folder', { path }, { cause })
  }
}

function makeIn(
  { config, program }: CompiledContainer,
  zygote: ProgramLauncher,
): Promise<StartOutcome> {
  shareStreams(config)
  return zygote.submit(encodeProgram(program)).started
}

/** @throws {OperationError} why there is none */
async function pidOf(
  { folder, bundle, config, program }: CompiledContainer,
  outcome: StartOutcome,
): Promise<number> {
  if (outcome.kind === 'created') return outcome.pid
  if (outcome.kind === 'running')
    throw new OperationError('PROTOCOL', 'create a container: it did not wait', { ...outcome })
  const { explainOciFailure } = await import('./oci-failure.ts')
  throw explainOciFailure({ folder, program, config, rootfs: bundle.rootfs, outcome })
}

function recordOf({
  folder,
  bundle,
  config,
  cgroup,
  unit,
  rdt,
  notifySocket,
}: CompiledContainer): OciRecord {
  return {
    version: 1,
    id: folder.id,
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    created: new Date().toISOString(),
    owner: ownName(),
    ociVersion: config.ociVersion,
    annotations: config.annotations ?? {},
    cgroup: cgroup && hasGroups(cgroup.location) ? cgroup.location : undefined,
    unit: unit?.unit,
    notifySocket,
    rdt,
  }
}

function ownName(): string {
  if (process.geteuid?.() === 0) return 'root'
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? '')
  }
}
