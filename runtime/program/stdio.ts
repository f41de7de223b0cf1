// How the container's three streams reach the monitor.
//
// stdout and stderr are named FIFOs in the state folder, opened for reading and writing by the
// container. A plain pipe would be shorter by four calls (some 30 µs), but with it the death of the monitor would
// kill the container's program at its next write (SIGPIPE); the FIFO keeps what is
// written, and a new monitor opens it by name and goes on. stdin is a plain pipe: when its only
// writer is gone, end of file is the honest answer.
//
// A process that enters a running container has plain pipes: no new monitor ever takes over for it.

import { close, directoryFlag, noFollowFlag, openBelow, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, O, RESOLVE, S, TIOC } from './flags/values.ts'
import { addressOf, firstOf, secondOf } from './operand.ts'
import type { Operand } from './operand.ts'
import { windowSize } from './structs.ts'
import { hostId } from './user-namespace.ts'

const streams = ['stdout', 'stderr'] as const

/** Outer half, before the clone. @param outlivesMonitor whether what is written waits for another monitor */
export function prepareStdio(c: Compilation, outlivesMonitor = true): void {
  const { stdio } = c.base
  if (stdio.kind === 'pipes') preparePipes(c, stdio.stdin, outlivesMonitor ? prepareFifo : openPipe)
  if (stdio.kind === 'null' || (stdio.kind === 'pipes' && !stdio.stdin)) openNull(c)
  if (stdio.kind === 'descriptors') takeDescriptors(c, stdio.pid, stdio.numbers)
}

type Own = (end: Operand) => void

function preparePipes(c: Compilation, hasStdin: boolean, prepare: typeof prepareFifo): void {
  const { b } = c
  const user = c.config.process?.user
  const owner = [hostId(c, 'uid', user?.uid ?? 0), hostId(c, 'gid', user?.gid ?? 0)] as const
  const own: Own = (end) => {
    if (owner[0] === 0 && owner[1] === 0) return
    b.call('fchown', [end, ...owner], {
      why: 'a program may open /dev/stdout again, which needs rights on the pipe itself',
      source: 'pipe(7)',
    })
  }
  for (const name of streams) prepare(c, name, own)
  if (!hasStdin) return
  b.call('pipe2', [addressOf(b.slot('stdinPipe')), O.CLOEXEC], {
    why: 'what clients type reaches the program through the monitor',
    source: 'pipe(2)',
  })
  const split = { why: 'each half of the program keeps one end', source: 'pipe(2)' }
  b.move(b.slot('stdin'), firstOf(b.slot('stdinPipe')), split)
  b.move(b.slot('stdinWrite'), secondOf(b.slot('stdinPipe')), split)
  own(b.slot('stdin'))
}

function openPipe(c: Compilation, name: (typeof streams)[number], own: Own): void {
  const { b } = c
  const pipe = b.slot(`${name}Pipe`)
  b.call('pipe2', [addressOf(pipe), O.CLOEXEC], {
    why: 'what the program writes reaches its clients through the monitor',
    source: 'pipe(2)',
  })
  const split = { why: 'each half of the program keeps one end', source: 'pipe(2)' }
  b.move(b.slot(`${name}Read`), firstOf(pipe), split)
  b.move(b.slot(name), secondOf(pipe), split)
  own(b.slot(name))
}

function prepareFifo(c: Compilation, name: (typeof streams)[number], own: Own): void {
  const { b } = c
  const state = b.slot('state')
  b.call('mknodat', [state, b.text(name), S.IFIFO | 0o600, 0], {
    ignore: ['EEXIST'],
    why: 'a named pipe outlives the monitor, so that a new one can take over without losing output',
    source: 'fifo(7)',
  })
  b.call('openat', [state, b.text(name), O.RDWR | O.CLOEXEC | noFollowFlag(c), 0], {
    to: b.slot(name),
    why: 'read and write: the program must not die of SIGPIPE when the monitor does',
    source: 'fifo(7)',
  })
  b.call('openat', [state, b.text(name), O.CLOEXEC | noFollowFlag(c), 0], {
    to: b.slot(`${name}Read`),
    why: 'the monitor only reads, so that end of file tells it that all writers are gone',
    source: 'fifo(7)',
  })
  own(b.slot(name))
}

function openNull(c: Compilation): void {
  c.b.call('openat', [AT_FDCWD, c.b.text('/dev/null'), O.RDWR | O.CLOEXEC, 0], {
    to: c.b.slot('null'),
    why: 'descriptors 0 to 2 must be open, or the first file opened would become a stream',
    source: 'null(4)',
  })
}

function takeDescriptors(c: Compilation, pid: number, numbers: readonly number[]): void {
  const { b } = c
  b.call('pidfd_open', [pid, 0], {
    to: b.slot('client'),
    why: 'names the process that lends its streams without the danger of a reused pid',
    source: 'pidfd_open(2)',
  })
  for (const [index, name] of ['stdin', 'stdout', 'stderr'].entries())
    b.call('pidfd_getfd', [b.slot('client'), numbers[index] ?? index, 0], {
      to: b.slot(name),
      why: 'the program shares the very streams of the caller, terminal settings included',
      source: 'pidfd_getfd(2)',
    })
}

/** Outer half, after the clone: without this the monitor would never see end of file. */
export function releaseStdio(c: Compilation): void {
  const { b, base } = c
  const why = 'as long as this end is open the monitor cannot see end of file'
  if (base.stdio.kind === 'pipes') {
    for (const name of streams) close(c, b.slot(name), why)
    if (base.stdio.stdin) close(c, b.slot('stdin'), why)
  }
  if (base.stdio.kind === 'terminal') close(c, b.slot('terminal'), why)
  if (base.stdio.kind === 'descriptors')
    for (const name of ['client', 'stdin', 'stdout', 'stderr'])
      close(c, b.slot(name), 'whoever lent it must see when the program is done with it')
}

/** Inner half, last of all: the streams get their numbers. */
export function installStdio(c: Compilation): void {
  const { b, base } = c
  const { stdio } = base
  if (stdio.kind === 'inherit') return
  const terminal = b.slot('terminal')
  const sources: Operand[] =
    stdio.kind === 'terminal'
      ? [terminal, terminal, terminal]
      : stdio.kind === 'null'
        ? [b.slot('null'), b.slot('null'), b.slot('null')]
        : [
            stdio.kind === 'pipes' && !stdio.stdin ? b.slot('null') : b.slot('stdin'),
            b.slot('stdout'),
            b.slot('stderr'),
          ]
  for (const [number, source] of sources.entries())
    b.call('dup3', [source, number, 0], {
      why: 'a duplicate loses close-on-exec, so it is what the program finds',
      source: 'dup(2)',
    })
}

/** Inner half, with the streams in place: the session's terminal. */
export function takeTerminal(c: Compilation): void {
  if (c.base.stdio.kind !== 'terminal') return
  c.b.call('ioctl', [0, TIOC.SCTTY, 0], {
    why: 'Ctrl-C, window size and job control need a controlling terminal',
    source: 'ioctl_tty(2)',
  })
}

/** Options of the container's devpts mount, from its own mounts entry. */
export interface TerminalMount {
  readonly options: readonly (readonly [string, string])[]
  readonly attributes: number
}

/**
 * Outer half: an instance of devpts of the container's own, and one terminal in it. It is
 * made here so that the master never has to travel between processes; the inner half mounts the
 * same instance on /dev/pts.
 */
export function prepareTerminal(c: Compilation, mount: TerminalMount): void {
  const { b } = c
  const devpts = b.slot('devpts')
  const instance = b.slot('devptsInstance')
  const source = 'https://docs.kernel.org/filesystems/devpts.html'
  b.call('fsopen', [b.text('devpts'), 1], {
    to: instance,
    why: 'terminals of the host must not be visible in the container, nor the other way round',
    source,
  })
  for (const [key, value] of mount.options)
    b.call('fsconfig', [instance, 1, b.text(key), b.text(value), 0], {
      why: 'owner and mode of new terminals, as the configuration has it',
      source,
      // The group `tty` may have no id in a small mapping.
      ...(key === 'gid' && c.isUnprivileged ? { ignore: ['EINVAL'] } : {}),
    })
  b.call('fsconfig', [instance, 6, 0, 0, 0], { why: 'makes the instance', source })
  b.call('fsmount', [instance, 1, mount.attributes], {
    to: devpts,
    why: 'detached: the host never sees it in its own mount table',
    source: 'fsmount(2)',
  })
  close(c, instance, 'the mount holds the file system')
  openBelow(c, devpts, 'ptmx', {
    to: b.slot('master'),
    flags: O.RDWR | O.NOCTTY,
    resolve: RESOLVE.NO_SYMLINKS | RESOLVE.BENEATH,
    why: 'opening ptmx in the instance makes a new terminal there',
    source: 'pts(4)',
  })
  openTerminal(c)
}

/** The slave of `master`, unlocked and with its size; CVE-2025-52565: never by the name in /dev/pts. */
export function openTerminal(c: Compilation): void {
  const { b, base } = c
  const master = b.slot('master')
  const source = 'ioctl_tty(2)'
  const size = base.stdio.kind === 'terminal' ? base.stdio : { rows: 24, columns: 80 }
  b.call('ioctl', [master, TIOC.SPTLCK, b.data.words([0])], {
    why: 'a new terminal is locked',
    source,
  })
  b.call('ioctl', [master, TIOC.GPTPEER, O.RDWR | O.NOCTTY | O.CLOEXEC], {
    to: b.slot('terminal'),
    why: 'the other end from the descriptor: a path below /dev/pts could be swapped',
    source,
  })
  b.call('ioctl', [master, TIOC.SWINSZ, windowSize(b.data, size.rows, size.columns)], {
    why: 'the program sees the right size from its first line on',
    source,
  })
  const user = c.config.process?.user
  const owner = hostId(c, 'uid', user?.uid ?? 0)
  if (owner !== 0)
    b.call('fchown', [b.slot('terminal'), owner, -1], {
      why: 'the user must be able to open /dev/tty and its own terminal again',
      source: 'pts(4)',
    })
}

/** Outer half, for exec: a terminal in the instance that the running container has. */
export function prepareForeignTerminal(c: Compilation, pid: number): void {
  const { b } = c
  b.call(
    'openat',
    [AT_FDCWD, b.text(`/proc/${pid}/root`), O.PATH | directoryFlag(c) | O.CLOEXEC, 0],
    {
      to: b.slot('foreignRoot'),
      why: 'the terminal must belong to the instance that the container sees in /dev/pts',
      source: 'proc_pid_root(5)',
    },
  )
  openBelow(c, b.slot('foreignRoot'), 'dev/pts/ptmx', {
    to: b.slot('master'),
    flags: O.RDWR | O.NOCTTY,
    resolve: RESOLVE.IN_ROOT | RESOLVE.NO_SYMLINKS,
    why: 'below the container’s root and through no symbolic link it could have planted',
    source: 'openat2(2)',
  })
  const magic = b.data.scratch(120)
  b.call('fstatfs', [b.slot('master'), magic], {
    why: 'what lies there may be any file of the container’s making',
    source: 'statfs(2)',
  })
  b.load(b.slot('magic'), magic, 0, 8, { why: 'type of the file system', source: 'statfs(2)' })
  b.assert(b.slot('magic'), 0x1cd1, 22, {
    why: 'terminal calls on anything but devpts would hand our rights to the container',
    source: 'statfs(2)',
  })
  openTerminal(c)
}

/** @throws {OperationError} `INVALID_SPEC` where the streams do not fit `process.terminal` */
export function checkStdio(c: Compilation): void {
  const isTerminal = c.config.process?.terminal === true
  if (
    isTerminal !== (c.base.stdio.kind === 'terminal') &&
    c.base.stdio.kind !== 'inherit' &&
    c.base.stdio.kind !== 'descriptors'
  )
    refuseSpec('process.terminal', { terminal: String(isTerminal), stdio: c.base.stdio.kind })
}
