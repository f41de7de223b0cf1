// The place at which a created container waits for its start, and how whoever starts it learns what came of it.

import { close, noFollowFlag } from './compilation.ts'
import type { ContainerCompilation } from './compilation.ts'
import { ERRNO, O, PR, S } from './flags/values.ts'
import { RECORD } from './format.ts'
import { requireProgram } from './require-program.ts'
import { listens } from './seccomp-listener.ts'

const lifecycle = 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle'

/** Outer half: the FIFO that any process can start the container with. */
export function prepareGate(c: ContainerCompilation): void {
  openFifo(
    c,
    'start',
    'gate',
    'whoever writes a byte to it starts the container; nothing else has to be alive',
  )
  if (isStartWatched(c))
    openFifo(
      c,
      'started',
      'started',
      'whoever starts the container waits here for its hooks and its program',
    )
}

/** Outer half, after the clone. */
export function releaseGate(c: ContainerCompilation): void {
  const why = 'the inner half waits at it'
  close(c, c.b.slot('gate'), why)
  if (isStartWatched(c)) close(c, c.b.slot('started'), why)
}

/**
 * Whether `start` has to hear of what happens behind the gate: a startContainer hook that fails is its error, and
 * poststart hooks are not to run before the program does.
 */
export function isStartWatched({ config, input }: ContainerCompilation): boolean {
  const { startContainer = [], poststart = [] } = config.hooks ?? {}
  return input.leave === true && startContainer.length + poststart.length > 0
}

function openFifo(c: ContainerCompilation, name: string, slot: string, why: string): void {
  const { b } = c
  b.call('mknodat', [b.slot('state'), b.text(name), S.IFIFO | 0o600, 0], {
    ignore: ['EEXIST'],
    why,
    source: 'fifo(7)',
  })
  b.call('openat', [b.slot('state'), b.text(name), O.RDWR | O.CLOEXEC | noFollowFlag(c), 0], {
    to: b.slot(slot),
    why: 'read and write, so that opening never waits for the other side',
    source: 'fifo(7)',
  })
}

/** Inner half: everything is ready; wait for `start`. */
export function waitAtGate(c: ContainerCompilation): void {
  const { b } = c
  if (!listens(c)) requireProgram(c)
  if (c.base.leave === true)
    b.call('prctl', [PR.SET_PDEATHSIG, 0, 0, 0, 0], {
      why: 'whoever made the container ends now, and it must not end with it',
      source: 'PR_SET_PDEATHSIG(2const)',
    })
  b.operation('RECORD', [RECORD.CREATED, 0], {
    why: 'the container is created, and not yet started',
    source: 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#create',
  })
  b.call('read', [b.slot('gate'), b.data.scratch(8), 1], {
    why: 'the program starts when the user says so',
    source: 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#start',
  })
  close(c, b.slot('gate'), 'passed')
}

/** Inner half: its hooks went well; the end of file that follows is the program's execve. */
export function tellHooksDone(c: ContainerCompilation): void {
  const { b } = c
  if (!isStartWatched(c)) return
  b.call('write', [b.slot('started'), b.text('h'), 1], {
    why: 'whoever started the container tells a hook that failed from a program that runs',
    source: lifecycle,
  })
}

/** Inner half: `process` may be missing until the start, which is refused then. */
export function endUnstarted({ b }: ContainerCompilation): void {
  b.operation('FAIL', [ERRNO.EINVAL], {
    why: 'the configuration has no process',
    source: 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#start',
  })
}
