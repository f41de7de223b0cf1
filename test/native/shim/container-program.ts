import type { Assembler, MonitorFields } from './assembler.ts'
import { data, high, low, newAssembler, slot } from './assembler.ts'
import { nr } from './numbers.ts'

const cloneExec = 0x80000 // O_CLOEXEC
const clonePidfd = 0x1000

/** What the smallest container needs: a folder for its state, a program, pipes and a log. */
export interface ContainerOptions {
  readonly stateDir: string
  readonly argv: readonly string[]
  readonly namespaces?: number
  readonly monitor?: Omit<MonitorFields, 'child'>
  readonly logName?: string
  readonly exitArgv?: readonly string[]
  /** Path of a log of events, and the texts before its exit records. */
  readonly events?: { readonly path: string; readonly ended: string; readonly cleaned: string }
  readonly tickArgv?: readonly string[]
  readonly terminal?: boolean
  readonly oomFile?: string
  readonly skipPreExec?: boolean
  /** Adds steps of the inner half, before its execve. */
  readonly inner?: (assembler: Assembler) => void
  /** Adds steps of the outer half, before it becomes the monitor. */
  readonly outer?: (assembler: Assembler) => void
  readonly cleanup?: (assembler: Assembler) => void
}

// Slots: 0 child, 1 pidfd, 2 sync pipe, 3 stdin pipe, 4 stdout pipe, 5 stderr pipe, 6 state folder,
// 7 terminal's master, 8 its slave, 9 OOM file.
const scratch = 20

function openStdio(assembler: Assembler, options: ContainerOptions): void {
  if (!options.terminal) {
    for (const pair of [3, 4, 5])
      assembler.sys(nr.pipe2, [{ kind: 3, value: pair }, cloneExec], { why: 'make a pipe' })
    return
  }
  const path = assembler.string('/dev/ptmx')
  const zero = assembler.space(8)
  assembler.sys(nr.openat, [-100, data(path), 0x80002 | 0x100], { dst: 7, why: 'open a terminal' })
  assembler.sys(nr.ioctl, [slot(7), 0x40045431, data(zero)], { why: 'unlock the terminal' })
  assembler.sys(nr.ioctl, [slot(7), 0x5441, 0x80002 | 0x100], { dst: 8, why: 'open its slave' })
}

function joinStdio(assembler: Assembler, options: ContainerOptions): void {
  if (!options.terminal) {
    assembler.sys(nr.dup3, [low(3), 0, 0])
    assembler.sys(nr.dup3, [high(4), 1, 0])
    assembler.sys(nr.dup3, [high(5), 2, 0])
    return
  }
  assembler.sys(nr.setsid, [])
  assembler.sys(nr.ioctl, [slot(8), 0x540e, 0], { why: 'make it the controlling terminal' })
  for (const fd of [0, 1, 2]) assembler.sys(nr.dup3, [slot(8), fd, 0])
}

function closeContainerEnds(assembler: Assembler, options: ContainerOptions): void {
  assembler.sys(nr.close, [high(2)])
  if (options.terminal) assembler.sys(nr.close, [slot(8)])
  else for (const end of [low(3), high(4), high(5)]) assembler.sys(nr.close, [end])
  if (options.terminal) return
  assembler.emit('move', [high(3)], { dst: scratch + 1 })
  assembler.emit('move', [low(4)], { dst: scratch + 2 })
  assembler.emit('move', [low(5)], { dst: scratch + 3 })
}

function addMonitor(assembler: Assembler, options: ContainerOptions): void {
  const stdio = options.terminal
    ? { terminal: 7 }
    : { stdin: scratch + 1, stdout: scratch + 2, stderr: scratch + 3 }
  const log =
    options.logName === undefined ? {} : { logDir: 6, logName: assembler.string(options.logName) }
  const offset = assembler.monitor({
    child: 0,
    pidfd: 1,
    sync: scratch,
    stateDir: 6,
    ...stdio,
    ...log,
    ...(options.oomFile === undefined ? {} : { oom: 9 }),
    ...(options.exitArgv === undefined ? {} : { exitArgv: assembler.vector(options.exitArgv) }),
    ...(options.tickArgv === undefined ? {} : { tickArgv: assembler.vector(options.tickArgv) }),
    ...(options.events && {
      eventPath: assembler.string(options.events.path),
      eventEnded: assembler.string(options.events.ended),
      eventCleaned: assembler.string(options.events.cleaned),
    }),
    ...options.monitor,
    flags: (options.monitor?.flags ?? 0) | (options.terminal ? 1 : 0),
  })
  assembler.emit('monitor', [data(offset)], { why: 'watch over the container' })
}

/** A program that runs `argv` as a container does: pipes or a terminal, clone3, sync pipe, execve, monitor. */
export function buildContainerProgram(options: ContainerOptions): Assembler {
  const assembler = newAssembler()
  const state = assembler.string(options.stateDir)
  const clone = Buffer.alloc(88)
  const pidfd = assembler.space(8)
  clone.writeBigUInt64LE(BigInt(clonePidfd | (options.namespaces ?? 0)), 0)
  clone.writeBigUInt64LE(17n, 32)
  const cloneArgs = assembler.bytes(clone)
  assembler.sys(nr.openat, [-100, data(state), 0x10000 | cloneExec], {
    dst: 6,
    why: 'open the state folder',
  })
  if (options.oomFile !== undefined)
    assembler.sys(nr.openat, [-100, data(assembler.string(options.oomFile)), cloneExec], { dst: 9 })
  assembler.sys(nr.pipe2, [{ kind: 3, value: 2 }, cloneExec], { why: 'make the sync pipe' })
  assembler.emit('move', [low(2)], { dst: scratch }) // before anything can fail: its words are looked for there
  openStdio(assembler, options)
  // The pidfd's address goes into clone_args through a slot: slot 1, by SLOT_ADDRESS.
  assembler.emit('store', [{ kind: 3, value: 1 }, cloneArgs + 8, 8])
  assembler.sys(nr.clone3, [data(cloneArgs), 88], { dst: 0, why: 'clone the container' })
  assembler.emit('jumpNonzero', [slot(0)], { jump: 'outer' })
  assembler.emit('report', [high(2)])
  joinStdio(assembler, options)
  options.inner?.(assembler)
  if (!options.skipPreExec) assembler.emit('record', [3, 0])
  const environment = assembler.vector(['PATH=/usr/bin:/bin', 'TERM=dumb'])
  const argv = assembler.vector(options.argv)
  const path = assembler.string(options.argv[0] ?? '')
  assembler.sys(nr.execve, [data(path), data(argv), data(environment)], {
    why: 'execute the program',
  })
  assembler.label('outer')
  assembler.emit('move', [low(1)], { dst: 1 }) // the kernel wrote an int
  assembler.emit('guard', [slot(1), slot(0)])
  options.outer?.(assembler)
  closeContainerEnds(assembler, options)
  addMonitor(assembler, options)
  if (options.cleanup) {
    assembler.cleanup()
    options.cleanup(assembler)
  }
  void pidfd
  return assembler
}
