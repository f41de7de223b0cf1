// How the two halves meet: the clone, the pipe on which the inner half reports, and the pipe on which it is
// told to go on. A message to go on is always the init's pid as the host numbers it.

import { close, refuseFeature } from './compilation.ts'
import type { Compilation, ContainerCompilation } from './compilation.ts'
import { AT_FDCWD, CLONE_INTO_CGROUP, ERRNO, O, SIGCHLD } from './flags/values.ts'
import { directoryFlag } from './compilation.ts'
import { addressOf, firstOf, secondOf } from './operand.ts'
import type { Label } from './program.ts'
import { CLONE_ARGS_CGROUP_OFFSET, CLONE_ARGS_SIZE, cloneArgs } from './structs.ts'

/** Outer half, first steps: the folders of the monitor, and the two pipes. */
export function prepareHalves(c: Compilation): void {
  const { base } = c
  if (!base.monitor.tell)
    openFolder(c, 'state', base.stateDir, 'the monitor writes there who runs and how it ended')
  if (base.log !== undefined)
    openFolder(
      c,
      'log',
      base.log.directory,
      'the monitor writes the log, and Node may be gone by then',
    )
  makePipe(
    c,
    'sync',
    'the inner half reports failures here; its end of file means that the program runs',
  )
}

/** Outer half: the pipe on which the inner half is told to go on. */
export function prepareGo(c: Compilation): void {
  makePipe(c, 'go', 'the inner half must wait where the outer half has work to do first')
}

function openFolder(c: Compilation, name: string, path: string, why: string): void {
  const { b } = c
  b.call('openat', [AT_FDCWD, b.text(path), directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot(name),
    why,
    source: 'openat(2)',
  })
}

/** A pipe in the slots NAMERead and NAMEWrite. */
export function makePipe(
  c: Compilation,
  name: 'sync' | 'go' | 'born' | 'listen' | 'heard',
  why: string,
): void {
  const { b } = c
  const pipe = b.slot(`${name}Pipe`)
  b.call('pipe2', [addressOf(pipe), O.CLOEXEC], { why, source: 'pipe(2)' })
  const split = { why: 'each half keeps one end', source: 'pipe(2)' }
  b.move(b.slot(`${name}Read`), firstOf(pipe), split)
  b.move(b.slot(`${name}Write`), secondOf(pipe), split)
}

/** The clone. The inner half goes on at `inner`; the outer half with the next step. */
export function cloneHalves(
  c: Compilation,
  flags: number,
  intoCgroup: boolean,
  inner: Label,
): void {
  const { b } = c
  const cell = b.data.scratch(8)
  const args = cloneArgs(
    b.data,
    BigInt(flags >>> 0) | (intoCgroup ? CLONE_INTO_CGROUP : 0n),
    cell,
    SIGCHLD,
  )
  if (intoCgroup)
    b.store(b.slot('cgroup'), args, CLONE_ARGS_CGROUP_OFFSET, 8, {
      why: 'the descriptor is known only now',
      source: 'clone(2)',
    })
  b.call('clone3', [args, CLONE_ARGS_SIZE], {
    to: b.slot('pid'),
    why: 'the container’s first process, born into its namespaces and its group at once',
    source: 'clone(2)',
  })
  b.jumpIfZero(b.slot('pid'), inner, { why: 'the child is the inner half', source: 'clone(2)' })
  b.load(b.slot('pidfd'), cell, 0, 4, {
    why: 'names the child for good, where a pid could be used again',
    source: 'clone(2)',
  })
  b.operation('GUARD', [b.slot('pidfd'), b.slot('pid')], {
    why: 'if a later step fails the half-made container must not live on',
    source: 'pidfd_send_signal(2)',
  })
  close(c, b.slot('syncWrite'), 'the inner half alone writes to it, so its end is seen')
}

/** Outer half: let the inner half go on. */
export function sendGo(c: Compilation, why: string): void {
  const { b } = c
  const message = b.data.scratch(8)
  b.store(b.slot('pid'), message, 0, 4, {
    why: 'the inner half cannot know its number on the host',
    source: 'pid_namespaces(7)',
  })
  b.call('write', [b.slot('goWrite'), message, 4], {
    // The inner half is dead; the monitor finds out how it died.
    ignore: ['EPIPE'],
    why,
    source: 'pipe(7)',
  })
}

/** Inner half: a session of its own. */
export function startSession(c: Compilation): void {
  c.b.call('setsid', [], {
    why: 'no signal from the terminal of whoever started the container',
    source: 'setsid(2)',
  })
}

/** Each half lets go of the end of the `go` pipe that is the other's. */
export function keepGoEnd(c: Compilation, half: 'outer' | 'inner'): void {
  if (half === 'outer') close(c, c.b.slot('goRead'), 'the inner half alone reads it')
  else
    close(
      c,
      c.b.slot('goWrite'),
      'as long as it is open here the death of the outer half cannot be seen',
    )
}

/** Inner half: wait for the outer half. */
export function awaitGo(c: Compilation, why: string): void {
  const { b } = c
  const message = b.data.scratch(8)
  b.call('read', [b.slot('goRead'), message, 4], { to: b.slot('number'), why, source: 'pipe(7)' })
  b.assert(b.slot('number'), 4, ERRNO.EPROTO, {
    why: 'end of file means that the outer half is gone',
    source: 'pipe(7)',
  })
  b.load(b.slot('pid'), message, 0, 4, {
    why: 'hooks are told the number on the host',
    source: 'pid_namespaces(7)',
  })
}

/** Inner half, first steps. */
export function startInner(c: Compilation): void {
  const { b } = c
  b.operation('REPORT', [b.slot('syncWrite')], {
    why: 'the monitor must learn which step of this half failed',
    source: 'pipe(7)',
  })
  close(c, b.slot('syncRead'), 'only the monitor reads it')
  b.call('umask', [0], {
    why: 'modes of devices and folders must come out as written',
    source: 'umask(2)',
  })
}

/** @throws {OperationError} `UNSUPPORTED` for what the configuration asks and no part compiles */
export function refuseUncompiled(c: ContainerCompilation): void {
  const { linux, input } = c
  if (linux.intelRdt !== undefined && c.base.leave !== true)
    refuseFeature(
      'linux.intelRdt',
      {},
      'Set up the resctrl group on the host, and leave this section out',
    )
  if (Object.keys(linux.netDevices ?? {}).length > 0 && input.netDevices === undefined)
    refuseFeature(
      'linux.netDevices',
      {},
      'Attach a network instead: host devices are moved for OCI callers only',
    )
}
