// SCMP_ACT_NOTIFY: who decides about system calls is another process. The inner half loads the filter; the outer half, which
// no filter binds, takes the listener from it and sends it on, so that of the container's calls only read and write are needed.

import { nativeAbi } from '../security/seccomp/abi.ts'
import { RET_ALLOW, RET_LOG } from '../security/seccomp/bpf.ts'
import { compileSeccomp } from '../security/seccomp/compile.ts'
import { interpretFilter } from '../security/seccomp/interpret.ts'
import { buildProcessState } from '../spec/state.ts'
import { close, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { connectTo, sendMessage } from './console.ts'
import { ERRNO } from './flags/values.ts'
import { makePipe } from './halves.ts'
import type { Data, Operand, Slot } from './operand.ts'

const source =
  'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#containerprocessstate'

/** What the receiver is told of the container beside the descriptor. */
export interface ListenerContext {
  readonly id: string
  readonly bundle: string
  readonly status: 'creating' | 'running'
  /** Its first process as the host numbers it. */
  readonly pid: Operand
}

export function listens({ linux, base }: Compilation): boolean {
  if (linux.seccomp === undefined) return false
  const { architecture, kernel } = base.host
  return compileSeccomp(linux.seccomp, { architecture, kernel }).hasListener
}

/** Outer half, before the clone. */
export function prepareListener(c: Compilation): void {
  if (!listens(c)) return
  requireTold(c)
  makePipe(c, 'listen', 'the inner half tells the number of its listener there')
  makePipe(
    c,
    'heard',
    'the inner half goes on when somebody listens: else its calls would wait for ever',
  )
}

/** The calls by which the halves meet are made with the filter in force. @throws {OperationError} `INVALID_SPEC` */
function requireTold({ linux, base, b }: Compilation): void {
  if (linux.seccomp === undefined) return
  const { architecture, kernel } = base.host
  const { filter } = compileSeccomp(linux.seccomp, { architecture, kernel })
  const abi = nativeAbi(b.architecture)
  for (const name of ['read', 'write']) {
    const nr = abi.find(name) ?? -1
    const verdict = interpretFilter(filter, { nr, arch: abi.audit, args: [] })
    if (verdict === RET_ALLOW || verdict === RET_LOG) continue
    refuseSpec(
      'linux.seccomp',
      { call: name },
      'Allow read and write: the listener is handed over by them',
    )
  }
}

/** Descriptors that the inner half still needs. */
export function listenerSlots(c: Compilation): readonly Slot[] {
  return listens(c) ? [c.b.slot('listenWrite'), c.b.slot('heardRead')] : []
}

/** Inner half, right after the filter: wait until the listener has arrived. */
export function handOver(c: Compilation): void {
  const { b } = c
  const message = b.data.scratch(8)
  b.store(b.slot('listener'), message, 0, 4, { why: 'its number is known only now', source })
  b.call('write', [b.slot('listenWrite'), message, 4], {
    why: 'the outer half takes it from here',
    source,
  })
  b.call('read', [b.slot('heardRead'), message, 4], {
    to: b.slot('number'),
    why: 'nobody answers for its calls before',
    source,
  })
  b.assert(b.slot('number'), 4, ERRNO.EPROTO, { why: 'end of file: it could not be sent', source })
  close(c, b.slot('listener'), 'whoever listens must be the only one: calls fail when it is gone')
}

/** Outer half, when it has the process: take its listener, and send it with the state of the container. */
export function sendListener(c: Compilation, context: ListenerContext): void {
  const path = c.linux.seccomp?.listenerPath
  if (!listens(c) || path === undefined) return
  const { b } = c
  const [cell, listener] = [b.data.scratch(8), b.slot('listener')]
  const none = b.label('no listener')
  for (const name of ['listenWrite', 'heardRead'])
    close(c, b.slot(name), 'the inner half alone has it')
  b.call('read', [b.slot('listenRead'), cell, 4], {
    to: b.slot('number'),
    why: 'its filter is in force then',
    source,
  })
  b.jumpIfZero(b.slot('number'), none, { why: 'it has failed before', source })
  b.load(listener, cell, 0, 4, { why: 'its number over there', source })
  b.call('pidfd_getfd', [b.slot('pidfd'), listener, 0], {
    to: listener,
    why: 'sent from here, no filter can be in the way',
    source: 'pidfd_getfd(2)',
  })
  connectTo(c, path, 'the receiver of the listener waits there')
  sendMessage(
    c,
    listener,
    stateText(c, context),
    'who asked for the calls decides about them from here on',
  )
  close(c, b.slot('consoleSocket'), 'one state a connection')
  close(c, listener, 'its receiver has it')
  b.call('write', [b.slot('heardWrite'), cell, 4], {
    ignore: ['EPIPE'],
    why: 'somebody listens',
    source,
  })
  b.place(none)
  for (const name of ['listenRead', 'heardWrite']) close(c, b.slot(name), 'nothing more is told')
}

/** The state as two texts with their lengths, each with one number in it. */
function stateText(
  c: Compilation,
  { id, bundle, status, pid }: ListenerContext,
): readonly (readonly [Data, Slot])[] {
  const { b } = c
  const marker = 1_234_567_891
  const { ociVersion, annotations } = c.config
  const state = { pid: marker, ociVersion, id, status, bundle, annotations: annotations ?? {} }
  const {
    ociVersion: version,
    fds,
    metadata,
  } = buildProcessState(state, marker, c.linux.seccomp?.listenerMetadata)
  const head = JSON.stringify({ pid: marker, ociVersion: version, fds }).slice(0, -1)
  const tail = JSON.stringify({ state, metadata }).slice(1)
  const reason = { why: 'the receiver is told whose listener it gets', source }
  return (
    [
      [head, b.slot('pid'), 'headLength'],
      [`,${tail}`, pid, 'tailLength'],
    ] as const
  ).map(([text, number, length]) => [
    // Only the first %d of a template is replaced, and the number comes first.
    b.format(text.replace(`"pid":${marker}`, '"pid":%d'), number, {
      ...reason,
      to: b.slot(length),
    }),
    b.slot(length),
  ])
}
