import type { CompileBase } from './compile-input.ts'
import type { Compilation } from './compilation.ts'
import { LOG_FORMAT, MONITOR_FLAG, MONITOR_SIZE, NONE, NO_SLOT } from './format.ts'
import { stringVector } from './structs.ts'

/** How long a held monitor waits for a client after its launcher died. */
const DEFAULT_HOLD_MS = 10_000

/** Outer half, at its end: struct monitor of native/shim/program.h, and the step that never returns. */
export function becomeMonitor(c: Compilation): void {
  const { b, base } = c
  const { monitor, log, stdio } = base
  const isTerminal = stdio.kind === 'terminal' && base.leave !== true
  const isPipes = stdio.kind === 'pipes'
  const bytes = Buffer.alloc(MONITOR_SIZE)
  bytes.writeUInt32LE(MONITOR_SIZE, 0)
  bytes.writeUInt32LE(monitorFlags(base), 4)
  const slots = [
    'pid',
    'pidfd',
    'syncRead',
    monitor.tell ? '' : 'state',
    isPipes && stdio.stdin ? 'stdinWrite' : '',
    isPipes ? 'stdoutRead' : '',
    isPipes ? 'stderrRead' : '',
    isTerminal ? 'master' : '',
    log === undefined ? '' : 'log',
    'oom',
  ]
  for (const [index, name] of slots.entries())
    bytes[8 + index] = name === '' ? NO_SLOT : b.slot(name).value
  const { exitCommand, tick, events } = monitor
  bytes.writeUInt32LE(log === undefined ? NONE : b.text(log.name).value, 24)
  bytes.writeUInt32LE(log === undefined ? LOG_FORMAT.none : LOG_FORMAT[log.format], 28)
  bytes.writeBigUInt64LE(BigInt(log?.maxSize ?? 0), 32)
  const numbers = [
    log?.maxFiles ?? 0,
    monitor.holdMs ?? DEFAULT_HOLD_MS,
    exitCommand === undefined ? NONE : stringVector(b.data, exitCommand.argv).value,
    exitCommand === undefined ? NONE : stringVector(b.data, exitCommand.env).value,
    exitCommand?.delayMs ?? 0,
    tick?.everyMs ?? 0,
    tick === undefined ? NONE : stringVector(b.data, tick.argv).value,
    tick?.firstMs ?? 0,
    monitor.timeoutMs ?? 0,
    events === undefined ? 0 : b.text(events.path).value,
    events === undefined ? 0 : b.text(events.ended).value,
    events?.cleaned === undefined ? 0 : b.text(events.cleaned).value,
    events?.oom === undefined ? 0 : b.text(events.oom).value,
    events?.started === undefined ? 0 : b.text(events.started).value,
  ]
  for (const [index, value] of numbers.entries()) bytes.writeUInt32LE(value, 40 + index * 4)
  b.operation('MONITOR', [b.data.bytes(bytes)], {
    why:
      base.leave === true
        ? 'whoever asked for the process reaps it as an orphan: nobody may stay in between'
        : 'somebody must own the streams, write the log and record how the container ends',
    source: 'waitid(2)',
  })
}

function monitorFlags({ monitor, stdio, stateDir, leave, remove = [] }: CompileBase): number {
  const isRemoved = remove.some(({ folder, name }) =>
    `${stateDir}/`.startsWith(`${folder}/${name}/`),
  )
  let flags = 0
  if (stdio.kind === 'terminal' && leave !== true) flags |= MONITOR_FLAG.TERMINAL
  if (monitor.keepStdin) flags |= MONITOR_FLAG.KEEP_STDIN
  if (monitor.stdinOnce) flags |= MONITOR_FLAG.STDIN_ONCE
  if (monitor.hold) flags |= MONITOR_FLAG.HOLD
  if (isRemoved) flags |= MONITOR_FLAG.TRANSIENT
  if (monitor.tell) flags |= MONITOR_FLAG.TELL
  if (monitor.unrecorded) flags |= MONITOR_FLAG.UNRECORDED
  if (leave) flags |= MONITOR_FLAG.LEAVE
  return flags
}
