import type { Config } from '../config.ts'
import type { Report } from '../problem.ts'
import type { Seccomp, SeccompAction } from '../seccomp.ts'

const MAX_ERRNO = 4095
const MAX_RETURN_DATA = 0xffff

export function checkSeccomp({ linux }: Config, report: Report): void {
  const seccomp = linux?.seccomp
  if (seccomp === undefined) return
  checkErrno(seccomp.defaultAction, seccomp.defaultErrnoRet, report, 'defaultErrnoRet')
  seccomp.syscalls?.forEach((rule, index) => {
    checkErrno(rule.action, rule.errnoRet, report, `syscalls[${index}].errnoRet`)
    rule.names.forEach((name, at) => {
      if (name === '') report(`linux.seccomp.syscalls[${index}].names[${at}]`, 'a system call', '')
    })
  })
  checkListener(seccomp, report)
}

/** The specification demands an error where a number has no meaning. */
function checkErrno(
  action: SeccompAction,
  errno: number | undefined,
  report: Report,
  field: string,
): void {
  if (errno === undefined) return
  const path = `linux.seccomp.${field}`
  if (action === 'SCMP_ACT_ERRNO' && errno > MAX_ERRNO) report(path, `at most ${MAX_ERRNO}`, errno)
  if (action === 'SCMP_ACT_TRACE' && errno > MAX_RETURN_DATA)
    report(path, `at most ${MAX_RETURN_DATA}`, errno)
  if (action !== 'SCMP_ACT_ERRNO' && action !== 'SCMP_ACT_TRACE')
    report(path, `no number with ${action}`, errno)
}

function checkListener(seccomp: Seccomp, report: Report): void {
  const { defaultAction, listenerPath, listenerMetadata, syscalls } = seccomp
  const notifies = syscalls?.some(({ action }) => action === 'SCMP_ACT_NOTIFY') ?? false
  // Nobody could answer for the calls that hand the listener over.
  if (defaultAction === 'SCMP_ACT_NOTIFY')
    report('linux.seccomp.defaultAction', 'SCMP_ACT_NOTIFY only for named calls')
  if (notifies && (listenerPath ?? '') === '')
    report('linux.seccomp.listenerPath', 'a socket for the calls with SCMP_ACT_NOTIFY')
  if (listenerMetadata !== undefined && listenerMetadata !== '' && (listenerPath ?? '') === '')
    report('linux.seccomp.listenerMetadata', 'a listenerPath beside it', listenerMetadata)
}
