import { joinCgroup, openCgroup, releaseCgroup } from './cgroup.ts'
import { dropPrivileges } from './capabilities.ts'
import { close, startCompilation } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import type { CompileExecInput } from './compile-input.ts'
import { sendConsole, sendProcessDescriptor } from './console.ts'
import { releasePreserved, takePreserved } from './descriptors.ts'
import { executeArguments } from './execute.ts'
import { CLONE } from './flags/values.ts'
import { cloneHalves, prepareHalves, startInner } from './halves.ts'
import {
  adopt,
  chooseBirthplace,
  closeOthers,
  giveBirth,
  hideFromTracers,
  prepareBirth,
} from './late-birth.ts'
import { confine } from './landlock.ts'
import { becomeMonitor } from './monitor.ts'
import { namespaceFlags } from './namespaces.ts'
import {
  dieWithMonitor,
  enterFolder,
  joinKeyring,
  setAffinity,
  setProcessAttributes,
  verifyFolder,
} from './process.ts'
import type { Program } from './program.ts'
import { removeAside, removeTrees } from './remove-trees.ts'
import { prepareListener, sendListener } from './seccomp-listener.ts'
import { setResourceLimits } from './resource-limits.ts'
import { openProc, setExecLabels } from './security-label.ts'
import {
  checkStdio,
  installStdio,
  prepareForeignTerminal,
  prepareStdio,
  releaseStdio,
} from './stdio.ts'
import { becomeNamespaceRoot } from './user-namespace.ts'

/**
 * Compile a process that starts in a running container. Pure, as `compile`.
 *
 * @throws {OperationError} `INVALID_SPEC`, `UNSUPPORTED`
 */
export function compileExec(input: CompileExecInput): Program {
  const c = startCompilation(input, { ...input.config, process: input.process })
  const { b } = c
  checkStdio(c)
  const inner = b.label('inner half')
  prepare(c, input)
  cloneHalves(c, CLONE.PIDFD, input.cgroup?.cloneInto !== undefined, inner)
  releaseStdio(c)
  releasePreserved(c)
  releaseCgroup(c, input.cgroup)
  adopt(c)
  const { id, bundle = input.stateDir, target } = input
  sendListener(c, { id, bundle, status: 'running', pid: target.pid })
  sendProcessDescriptor(c)
  becomeMonitor(c)
  b.place(inner)
  b.startPhase('inner')
  enter(c, input)
  becomeProgram(c, input)
  b.cleanup(() => {
    removeTrees(c)
    removeAside(c)
  })
  return b.build()
}

function prepare(c: Compilation, input: CompileExecInput): void {
  const { b } = c
  const target = b.slot('container')
  const { pid } = input.target
  prepareHalves(c)
  prepareBirth(c)
  prepareListener(c)
  b.call('pidfd_open', [pid, 0], {
    to: target,
    why: 'names the container’s init for good; its pid could be used again by another process',
    source: 'pidfd_open(2)',
  })
  if (input.cgroup !== undefined) openCgroup(c, input.cgroup)
  prepareStdio(c, false)
  takePreserved(c)
  if (input.stdio.kind === 'terminal') prepareForeignTerminal(c, pid)
  sendConsole(c)
  b.call('pidfd_send_signal', [target, 0, 0, 0], {
    why: 'still alive, so whatever was found by its pid until here was its own',
    source: 'pidfd_send_signal(2)',
  })
  setAffinity(c, input.process.execCPUAffinity?.initial, 'CPUs while it enters its group')
}

/** Inner half: into everything that the container has. Its pid namespace is for children only, so nobody there sees it. */
function enter(c: Compilation, input: CompileExecInput): void {
  const { b, namespaces } = c
  startInner(c)
  dieWithMonitor(c, 'a half-made process must not outlive the one that makes it')
  hideFromTracers(c, 'processes that share the host’s pids must not be able to trace this one')
  close(c, b.slot('bornRead'), 'only the outer half reads it')
  joinCgroup(c, input.cgroup)
  openProc(c)
  setProcessAttributes(c)
  if (namespaces.has('pid')) chooseBirthplace(c, b.slot('container'))
  let flags = 0
  for (const type of namespaces.keys()) if (type !== 'pid') flags |= namespaceFlags[type]
  if (flags !== 0)
    b.call('setns', [b.slot('container'), flags], {
      why: 'all at once: rights over them come with the user namespace',
      source: 'setns(2)',
    })
  if (namespaces.has('user')) {
    becomeNamespaceRoot(c)
    dieWithMonitor(c, 'the change of user has cleared it')
  }
  joinKeyring(c)
}

function becomeProgram(c: Compilation, { landlock }: CompileExecInput): void {
  const { b, config } = c
  setExecLabels(c)
  enterFolder(c)
  installStdio(c)
  closeOthers(c)
  setResourceLimits(c, 0, 1)
  b.call('umask', [config.process?.user.umask ?? 0o022], {
    why: 'new files of the program are not writable for everybody',
    source: 'umask(2)',
  })
  setAffinity(c, config.process?.execCPUAffinity?.final, 'CPUs of the program')
  confine(c, landlock)
  dropPrivileges(c)
  dieWithMonitor(c, 'the change of user has cleared it')
  verifyFolder(c)
  giveBirth(c)
  executeArguments(c, false)
}
