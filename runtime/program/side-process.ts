import type { Compilation } from './compilation.ts'
import { startCompilation } from './compilation.ts'
import type { CompileHost } from './compile-input.ts'
import { PR } from './flags/values.ts'
import { RECORD } from './format.ts'

// Processes of the zygote that are no containers: they make or hold something of the kernel's, and say when it is there.

/** Descriptor of the zygote’s stream in its children, see native/shim/zygote.c. */
const stream = 3

/** The beginning of such a process's program. */
export function startSideProcess(host: CompileHost, id: string): Compilation {
  return startCompilation(
    {
      id,
      host,
      stdio: { kind: 'null' },
      stateDir: '',
      log: undefined,
      monitor: { hold: false, keepStdin: false, stdinOnce: false },
    },
    { ociVersion: '1.3.0', root: { path: '/' } },
  )
}

/** For what nobody would take back: it goes with whoever asked for it. */
export function endWithParent({ b }: Compilation, why: string): void {
  b.call('prctl', [PR.SET_PDEATHSIG, 9, 0, 0, 0], { why, source: 'PR_SET_PDEATHSIG(2const)' })
}

/** What the last steps are for. */
export interface Holding {
  readonly ready: string
  /** Man page of what others do with it. */
  readonly source: string
  readonly wait: string
  readonly end: string
}

/** Say the pid of slot `pid` in a USER record, and stay until killed, or until nobody is at the other end any more. */
export function holdUntilKilled({ b }: Compilation, { ready, source, wait, end }: Holding): void {
  b.operation('RECORD', [RECORD.USER, b.slot('pid')], { why: ready, source })
  // No event is asked for: only the end of the stream, which is told in any case, or a signal ends it.
  const poll = b.data.words([stream])
  b.call('ppoll', [poll, 1, 0, 0, 0], { why: wait, source: 'poll(2)' })
  b.operation('END', [], { why: end, source: 'poll(2)' })
}
