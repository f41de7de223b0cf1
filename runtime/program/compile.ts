import { removeAside, removeTrees, tellEnd, tellsEarly } from './remove-trees.ts'
import {
  cleanCgroup,
  joinCgroup,
  makeCgroupNamespace,
  prepareCgroup,
  releaseCgroup,
  restrictDevices,
  restrictsDevices,
} from './cgroup.ts'
import { dropPrivileges } from './capabilities.ts'
import { startCompilation, relativePath, close } from './compilation.ts'
import type { ContainerCompilation } from './compilation.ts'
import type { CompileInput } from './compile-input.ts'
import { sendConsole, sendProcessDescriptor } from './console.ts'
import { releasePreserved, takePreserved } from './descriptors.ts'
import { makeDevices } from './devices.ts'
import { execute, executeArguments, openInit, restrict } from './execute.ts'
import { startForwarding } from './forwarded-ports.ts'
import { moveNetDevices, returnNetDevices, setUpNetDevices } from './net-devices.ts'
import { requireProgram } from './require-program.ts'
import { forbidNewPrivileges } from './seccomp.ts'
import { listens, prepareListener, sendListener } from './seccomp-listener.ts'
import { endUnstarted, prepareGate, releaseGate, tellHooksDone, waitAtGate } from './gate.ts'

import {
  awaitGo,
  cloneHalves,
  keepGoEnd,
  prepareGo,
  prepareHalves,
  refuseUncompiled,
  sendGo,
  startInner,
  startSession,
} from './halves.ts'
import { openHookErrors, runHooks, withEnvironment } from './hooks.ts'
import type { HookContext } from './hooks.ts'
import { hidePaths } from './masked-paths.ts'
import {
  adopt,
  beBornInside,
  chooseBirthplace,
  closeOthers,
  giveBirth,
  isBornLate,
  prepareBirth,
} from './late-birth.ts'
import { confine } from './landlock.ts'
import { becomeMonitor } from './monitor.ts'
import { makeMounts, planMounts, prepareMounts, releaseMounts, terminalMount } from './mounts.ts'
import type { PlannedMount } from './mounts.ts'
import {
  checkNamespaces,
  cloneFlags,
  joinNamespaces,
  prepareNamespaces,
  returnFromNamespaces,
} from './namespaces.ts'
import { attachOutside, configureInside, detachNetwork, leaveNetwork } from './network.ts'
import {
  dieWithMonitor,
  enterFolder,
  joinKeyring,
  setNames,
  setProcessAttributes,
  verifyFolder,
} from './process.ts'
import type { Program } from './program.ts'
import { limitsAreSetOutside, setResourceLimits } from './resource-limits.ts'
import {
  finishRoot,
  isolateMounts,
  isRootMadeOutside,
  makeRoot,
  pivot,
  prepareRoot,
} from './root.ts'
import { openProc, setExecLabels } from './security-label.ts'
import {
  checkStdio,
  installStdio,
  prepareStdio,
  prepareTerminal,
  releaseStdio,
  takeTerminal,
} from './stdio.ts'
import { setSysctls } from './sysctl.ts'
import { openTarget } from './targets.ts'
import { becomeNamespaceRoot, writeIdMaps } from './user-namespace.ts'

/**
 * Compile a container to the program that makes it. Pure: nothing is read or changed, and the same
 * input gives the same program.
 *
 * @throws {OperationError} `INVALID_SPEC` for a configuration that contradicts itself, `UNSUPPORTED` for
 *   what it asks and this compiler, kernel or mode cannot do; nothing is silently left out
 */
export function compile(input: CompileInput): Program {
  const c = withNamespaceMadeAhead({ ...startCompilation(input, input.config), input })
  checkNamespaces(c)
  checkStdio(c)
  refuseUncompiled(c)
  const mounts = planMounts(c)
  const inner = c.b.label('inner half')
  prepare(c, mounts)
  cloneHalves(c, cloneFlags(c), input.cgroup?.cloneInto !== undefined, inner)
  attend(c, mounts)
  becomeMonitor(c)
  c.b.place(inner)
  c.b.startPhase('inner')
  settle(c)
  buildTree(c, mounts)
  becomeProgram(c)
  c.b.cleanup(() => cleanUp(c))
  return c.b.build()
}

/** Where the network was made ahead, the new namespace of the configuration is one to join. */
function withNamespaceMadeAhead(c: ContainerCompilation): ContainerCompilation {
  const path = c.input.network?.namespace
  if (path === undefined) return c
  return { ...c, namespaces: new Map([...c.namespaces, ['network', path]]) }
}

/** Outer half up to the clone. */
function prepare(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  const { input } = c
  prepareHalves(c)
  prepareGo(c)
  prepareListener(c)
  if (isBornLate(c) || c.isBornInside) prepareBirth(c)
  if (input.gate) prepareGate(c)
  if (keepsHookErrors(c)) openHookErrors(c)
  if (input.cgroup !== undefined) prepareCgroup(c, input.cgroup)
  prepareStdio(c)
  takePreserved(c)
  if (input.stdio.kind === 'terminal') prepareTerminal(c, terminalMount(c, mounts))
  sendConsole(c)
  if (isRootMadeOutside(c)) prepareRoot(c)
  prepareMounts(c, mounts)
  prepareNamespaces(c, isBornLate(c))
}

/** Outer half after the clone: what needs the rights of the host and the init's pid. */
function attend(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  const { b, input, linux, config } = c
  keepGoEnd(c, 'outer')
  returnFromNamespaces(c)
  if (c.isBornInside) adopt(c)
  releaseStdio(c)
  releasePreserved(c)
  releaseMounts(c, mounts)
  if (input.gate) releaseGate(c)
  if (c.isUserNamespaceNew) {
    writeIdMaps(c, b.slot('pid'), { uid: linux.uidMappings ?? [], gid: linux.gidMappings ?? [] })
    sendGo(c, 'its ids are mapped; before, it could do nothing')
  }
  if (limitsAreSetOutside(c)) setResourceLimits(c, b.slot('pid'))
  if (input.network !== undefined) attachOutside(c, input.network)
  moveNetDevices(c)
  if (input.cgroup !== undefined) restrictDevices(c, input.cgroup)
  releaseCgroup(c, input.cgroup)
  if (isPreparedOutside(c)) sendGo(c, 'its interface is there, its devices are restricted')
  if (hasHostHooks(c)) {
    const context = earlyHookContext(c)
    runHooks(c, config.hooks?.prestart, b.slot('pid'), context)
    runHooks(c, config.hooks?.createRuntime, b.slot('pid'), context)
  }
  if (hasHostHooks(c) || hasInnerHooks(c))
    sendGo(c, 'hooks of the host come before those of the container')
  close(c, b.slot('goWrite'), 'nothing more to tell')
  if (isBornLate(c)) adopt(c)
  if (input.network?.forwarded) startForwarding(c)
  const bundle = input.bundle ?? input.stateDir
  sendListener(c, { id: input.id, bundle, status: 'creating', pid: b.slot('pid') })
  sendProcessDescriptor(c)
}

/** Whether the outer half works for the inner one after the clone, beside it. */
function isPreparedOutside({ input }: ContainerCompilation): boolean {
  const interfaces = (input.network?.host.length ?? 0) + (input.netDevices?.length ?? 0)
  return interfaces > 0 || restrictsDevices(input.cgroup)
}

function hasHostHooks({ config }: ContainerCompilation): boolean {
  return (config.hooks?.prestart?.length ?? 0) + (config.hooks?.createRuntime?.length ?? 0) > 0
}

function hasInnerHooks({ config }: ContainerCompilation): boolean {
  return (
    (config.hooks?.createContainer?.length ?? 0) + (config.hooks?.startContainer?.length ?? 0) > 0
  )
}

/** Hooks before the gate, of callers who hear of a failure from Node alone. */
function keepsHookErrors(c: ContainerCompilation): boolean {
  const count = c.config.hooks?.createContainer?.length ?? 0
  return c.base.leave === true && (hasHostHooks(c) || count > 0)
}

/** For hooks before the gate. */
function earlyHookContext(c: ContainerCompilation): HookContext {
  const errors = keepsHookErrors(c) ? c.b.slot('hookErrors') : undefined
  return { ...hookContext(c, 'created'), errors }
}

function hookContext(
  { input, config }: ContainerCompilation,
  status: HookContext['status'],
): HookContext {
  return {
    id: input.id,
    bundle: input.bundle ?? input.stateDir,
    status,
    annotations: config.annotations ?? {},
  }
}

/** Inner half: into its namespaces and its group. */
function settle(c: ContainerCompilation): void {
  startInner(c)
  keepGoEnd(c, 'inner')
  if (isBornLate(c)) close(c, c.b.slot('bornRead'), 'only the outer half reads it')
  else if (c.isBornInside) beBornInside(c)
  if (!isBornLate(c)) startSession(c)
  dieWithMonitor(c, 'a half-made container must not outlive the process that makes it')
  if (c.isUserNamespaceNew) {
    awaitGo(c, 'without its maps the process is nobody and can do nothing')
    becomeNamespaceRoot(c)
    dieWithMonitor(c, 'the change of user has cleared it')
  }
  joinNamespaces(c, isBornLate(c))
  joinCgroup(c, c.input.cgroup)
  makeCgroupNamespace(c)
  if (c.input.newKeyring !== false) joinKeyring(c)
}

/** Inner half: the tree of the container, from the host's to its own. */
function buildTree(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  const { b, input, config } = c
  isolateMounts(c)
  openProc(c)
  makeRoot(c)
  makeMounts(c, mounts)
  makeDevices(c, mounts)
  makeWorkingFolder(c)
  if (input.init !== undefined) openInit(c, input.init)
  if (isPreparedOutside(c)) awaitGo(c, 'the interface must be inside before it is set up')
  configureInside(c, input.network)
  setUpNetDevices(c)
  if (hasHostHooks(c) || hasInnerHooks(c)) awaitGo(c, 'hooks of the host come first')
  runHooks(c, config.hooks?.createContainer, b.slot('pid'), earlyHookContext(c))
  if (keepsHookErrors(c)) close(c, b.slot('hookErrors'), 'hooks in the container have its streams')
  pivot(c)
  setSysctls(c)
  hidePaths(c)
  finishRoot(c)
}

// The specification leaves a missing folder to the runtime; others make it, and images rely on that.
function makeWorkingFolder(c: ContainerCompilation): void {
  const cwd = relativePath(c.config.process?.cwd ?? '/')
  if (cwd === '.') return
  close(
    c,
    openTarget(c, {
      path: cwd,
      kind: 'folder',
      why: 'a working folder that the image lacks is made',
    }),
    'it exists',
  )
}

/** Inner half: from the builder of the container to its program. */
function becomeProgram(c: ContainerCompilation): void {
  const { b, input, config } = c
  setNames(c)
  setProcessAttributes(c)
  setExecLabels(c)
  enterFolder(c)
  installStdio(c)
  if (isBornLate(c)) {
    chooseBirthplace(c, b.slot('pidNamespace'))
    closeOthers(
      c,
      ...(input.gate ? [b.slot('gate')] : []),
      ...(input.init === undefined ? [] : [b.slot('init')]),
    )
  } else takeTerminal(c)
  if (!limitsAreSetOutside(c)) setResourceLimits(c, 0, isBornLate(c) ? 1 : 0)
  b.call('umask', [config.process?.user.umask ?? 0o022], {
    why: 'new files of the program are not writable for everybody',
    source: 'umask(2)',
  })
  confine(c, input.landlock)
  dropPrivileges(c)
  dieWithMonitor(c, 'the change of user has cleared it')
  verifyFolder(c)
  if (isBornLate(c)) {
    giveBirth(c, input.gate ? () => passGate(c) : undefined)
    return executeArguments(c, input.init !== undefined)
  }
  if (listens(c)) {
    // From here on it is bound by the filter: somebody has to hear of its listener before the container is created.
    if (input.gate) requireProgram(c)
    forbidNewPrivileges(c)
    restrict(c)
  }
  passGate(c)
  if (config.process === undefined && input.gate) return endUnstarted(c)
  execute(c, input.init !== undefined)
}

/** Inner half: what happens between `create` and the program. */
function passGate(c: ContainerCompilation): void {
  const { b, input, config } = c
  if (input.gate) waitAtGate(c)
  const hooks = withEnvironment(config.hooks?.startContainer, config.process?.env)
  runHooks(c, hooks, b.slot('pid'), hookContext(c, 'created'))
  if (input.gate) tellHooksDone(c)
}

function cleanUp(c: ContainerCompilation): void {
  const { input } = c
  returnNetDevices(c)
  const { network, cgroup } = input
  const isEarly = tellsEarly(c)
  if (network !== undefined) detachNetwork(c, network)
  if (network !== undefined && !isEarly) leaveNetwork(c, network)
  if (cgroup !== undefined) cleanCgroup(c, cgroup)
  removeTrees(c)
  if (isEarly) tellEnd(c)
  if (network !== undefined && isEarly) leaveNetwork(c, network)
  removeAside(c)
}
