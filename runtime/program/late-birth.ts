// A process that enters the pid namespace of a running container is born there last of all. The inner half
// stays outside of it, where nobody in the container sees it, until it has left everything of the host's behind:
// mounts, descriptors, rights. What the container then meets has its streams, the pipe for reports and the
// rights of the program, so that a container which may trace processes (CAP_SYS_PTRACE) gains nothing from it.

import { nativeAbi } from '../security/seccomp/abi.ts'
import { RET_ALLOW, RET_LOG } from '../security/seccomp/bpf.ts'
import { interpretFilter } from '../security/seccomp/interpret.ts'
import { close, kernelAtLeast } from './compilation.ts'
import type { Compilation, ContainerCompilation } from './compilation.ts'
import { firstFree, installPreserved } from './descriptors.ts'
import { CLONE, P_PIDFD, PR, SIGCHLD, TIOC, WALL, WEXITED } from './flags/values.ts'
import { RECORD } from './format.ts'
import { makePipe, startSession } from './halves.ts'
import type { Slot } from './operand.ts'
import { restrict } from './execute.ts'
import { listenerSlots, listens } from './seccomp-listener.ts'
import { exactProcessLimit } from './resource-limits.ts'
import { filterOf, forbidNewPrivileges } from './seccomp.ts'
import { enterUserNamespace, newNamespaces } from './namespaces.ts'
import { takeTerminal } from './stdio.ts'
import { CLONE_ARGS_SIZE, cloneArgs } from './structs.ts'
import { becomeNamespaceRoot } from './user-namespace.ts'

/**
 * Whether the first process of a container that joins a pid namespace is born late. The procfs of that namespace must be
 * mounted from outside of it then, which Linux 6.18 can; rights over the namespace must be there after the clone; and
 * hooks would be told the wrong number.
 */
export function isBornLate(c: ContainerCompilation): boolean {
  return (
    c.namespaces.get('pid') !== undefined &&
    kernelAtLeast(c, 6, 18) &&
    !c.isForeign &&
    !c.input.gate &&
    Object.values(c.config.hooks ?? {}).every((hooks) => (hooks?.length ?? 0) === 0)
  )
}

/** Outer half, before the clone. */
export function prepareBirth(c: Compilation): void {
  makePipe(c, 'born', 'the outer half learns there who the program’s process is')
}

/** Outer half, after the clone: the newborn takes the place of the inner half, which has ended. */
export function adopt(c: Compilation): void {
  const { b } = c
  const [pid, pidfd, inner] = [b.slot('pid'), b.slot('pidfd'), b.slot('innerPidfd')]
  const cell = b.data.scratch(8)
  const stillborn = b.label('nobody was born')
  close(c, b.slot('bornWrite'), 'the inner half alone writes to it, so its end is seen')
  b.call('read', [b.slot('bornRead'), cell, 4], {
    to: b.slot('number'),
    why: 'the inner half tells whom it gave birth to, as the host numbers it',
    source: 'pipe(7)',
  })
  b.jumpIfZero(b.slot('number'), stillborn, {
    why: 'it has failed, or was killed: the monitor finds out which',
    source: 'pipe(7)',
  })
  b.move(inner, pidfd, { why: 'it is still to be reaped', source: 'waitid(2)' })
  b.load(pid, cell, 0, 4, { why: 'the child that stays', source: 'clone(2)' })
  b.call('pidfd_open', [pid, 0], {
    to: pidfd,
    why: 'a child of this process, so the number is its own until it is reaped here',
    source: 'pidfd_open(2)',
  })
  b.operation('GUARD', [pidfd, pid], {
    why: 'if a later step fails the newborn must not live on',
    source: 'pidfd_send_signal(2)',
  })
  b.call('waitid', [P_PIDFD, inner, 0, WEXITED | WALL, 0], {
    why: 'no zombie stays with the monitor',
    source: 'waitid(2)',
  })
  close(c, inner, 'it is gone')
  b.place(stillborn)
  close(c, b.slot('bornRead'), 'nothing more is told')
}

/** Inner half: nothing stays open but what the program gets, `own`, and the two pipes to the outer half. */
export function closeOthers(c: Compilation, ...own: readonly Slot[]): void {
  const { b } = c
  const kept = [b.slot('syncWrite'), b.slot('bornWrite'), ...listenerSlots(c), ...own]
  installPreserved(c, kept)
  b.operation('REPORT', [b.slot('syncWrite')], {
    why: 'it has another number now',
    source: 'pipe(7)',
  })
  b.call('close_range', [firstFree(c) + kept.length, 0xffffffff, 0], {
    why: 'no descriptor of ours may be open where the container sees it: each is a way out (CVE-2024-21626)',
    source: 'close_range(2)',
  })
}

/** Inner half: the pid namespace that the newborn is to be in. */
export function chooseBirthplace(c: Compilation, namespace: Slot): void {
  c.b.call('setns', [namespace, CLONE.NEWPID], {
    why: 'holds for children only: this process stays where the container cannot see it',
    source: 'pid_namespaces(7)',
  })
}

/** Inner half. A change of user sets it anew, to what fs.suid_dumpable says. */
export function hideFromTracers(c: Compilation, why: string): void {
  c.b.call('prctl', [PR.SET_DUMPABLE, 0, 0, 0, 0], { why, source: 'PR_SET_DUMPABLE(2const)' })
}

/**
 * Inner half, when it has nothing left but what the program may have: from here on the newborn goes on.
 *
 * @param atGate what the newborn does before its program
 */
export function giveBirth(c: Compilation, atGate?: () => void): void {
  const { b } = c
  hideFromTracers(c, 'the container must not be able to trace the newborn (CVE-2016-9962)')
  forbidNewPrivileges(c)
  b.operation('RECORD', [RECORD.PRE_EXEC, 0], {
    why: 'end of file alone cannot tell a program that runs from one that died before',
    source: 'execve(2)',
  })
  // At the gate the filter could be in the way.
  const isFilteredBefore = atGate === undefined && !listens(c) && mayBeBornFiltered(c)
  if (isFilteredBefore) restrict(c)
  const newborn = b.label('newborn')
  // Not clone3: profiles refuse it, because a filter cannot see its flags.
  b.call('clone', [CLONE.PARENT | SIGCHLD, 0, 0, 0, 0], {
    to: b.slot('pid'),
    why: 'a child of the monitor’s, which is to see its end',
    source: 'clone(2)',
  })
  b.jumpIfZero(b.slot('pid'), newborn, { why: 'the child goes on', source: 'clone(2)' })
  tellBirth(c)
  b.place(newborn)
  startSession(c)
  takeTerminal(c)
  exactProcessLimit(c)
  atGate?.()
  if (!isFilteredBefore) restrict(c)
}

/**
 * Inner half, early, where the container's own namespaces have to belong to a user namespace that is joined: from here on
 * the newborn goes on, in all of them. Its number is still that of the host, and its parent the monitor.
 */
export function beBornInside(c: Compilation): void {
  const { b } = c
  close(c, b.slot('bornRead'), 'only the outer half reads it')
  enterUserNamespace(c)
  becomeNamespaceRoot(c)
  const newborn = b.label('newborn')
  const args = cloneArgs(b.data, newNamespaces(c) | CLONE.PARENT, b.data.scratch(8), 0)
  b.call('clone3', [args, CLONE_ARGS_SIZE], {
    to: b.slot('pid'),
    why: 'the container’s first process: whoever makes a namespace decides which user namespace has the rights over it',
    source: 'user_namespaces(7)',
  })
  b.jumpIfZero(b.slot('pid'), newborn, { why: 'the child goes on', source: 'clone(2)' })
  tellBirth(c)
  b.place(newborn)
  close(c, b.slot('bornWrite'), 'its birth is told')
  b.operation('REPORT', [b.slot('syncWrite')], {
    why: 'it is another process now',
    source: 'pipe(7)',
  })
}

function tellBirth(c: Compilation): void {
  const { b } = c
  const message = b.data.scratch(8)
  b.store(b.slot('pid'), message, 0, 4, {
    why: 'the newborn cannot know its number on the host',
    source: 'pid_namespaces(7)',
  })
  b.call('write', [b.slot('bornWrite'), message, 4], {
    why: 'the outer half waits for it',
    source: 'pipe(7)',
  })
  b.operation('END', [], { why: 'the newborn is all that stays', source: 'exit_group(2)' })
}

/**
 * Whether the container's filter lets through what is still to be called when it is loaded before the birth. If not, it
 * is loaded after, and the newborn keeps for as long the right that loading takes.
 */
function mayBeBornFiltered(c: Compilation): boolean {
  const filter = filterOf(c)
  if (filter === undefined) return true
  const abi = nativeAbi(c.b.architecture)
  const calls: readonly (readonly [string, readonly bigint[]])[] = [
    ['clone', [BigInt(CLONE.PARENT | SIGCHLD)]],
    ['write', []],
    ['exit_group', [0n]],
    ['setsid', []],
    ['ioctl', [0n, BigInt(TIOC.SCTTY)]],
    ['prlimit64', []],
    ['capset', []],
  ]
  return calls.every(([name, args]) => {
    const verdict = interpretFilter(filter, { nr: abi.find(name) ?? -1, arch: abi.audit, args })
    return verdict === RET_ALLOW || verdict === RET_LOG
  })
}
