import { compileSeccomp } from '../security/seccomp/compile.ts'
import type { Compilation } from './compilation.ts'
import { PR, SECCOMP_SET_MODE_FILTER } from './flags/values.ts'
import { handOver } from './seccomp-listener.ts'
import { filterProgram } from './structs.ts'

/** The container's filter as the kernel gets it. */
export function filterOf({ linux, base }: Compilation): Uint8Array | undefined {
  if (linux.seccomp === undefined) return undefined
  const { architecture, kernel } = base.host
  return compileSeccomp(linux.seccomp, { architecture, kernel }).filter
}

/** Inner half, right before the program: the filter of its system calls. */
export function loadFilter(c: Compilation): void {
  const { b, linux, base } = c
  if (linux.seccomp === undefined) return
  const { architecture, kernel } = base.host
  const { filter, flags, hasListener } = compileSeccomp(linux.seccomp, { architecture, kernel })
  b.call('seccomp', [SECCOMP_SET_MODE_FILTER, flags, filterProgram(b.data, filter)], {
    ...(hasListener ? { to: b.slot('listener') } : {}),
    why: 'as late as possible: what comes before needs calls that the program must not make',
    source: 'seccomp(2)',
  })
  if (hasListener) handOver(c)
}

/** Set-user-ID programs give nothing more from here on. */
export function forbidNewPrivileges(c: Compilation): void {
  if (c.config.process?.noNewPrivileges === true)
    c.b.call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], {
      why: 'set-user-ID programs and file capabilities must give nothing',
      source: 'PR_SET_NO_NEW_PRIVS(2const)',
    })
}
