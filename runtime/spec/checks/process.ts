import type { Config } from '../config.ts'
import type { Report } from '../problem.ts'

export function checkArguments({ process }: Config, report: Report): void {
  if (process === undefined) return
  if (process.args === undefined || process.args.length === 0)
    report('process.args', 'at least the program', process.args)
  else if (process.args[0] === '') report('process.args[0]', 'the name of a program', '')
  if (!process.cwd.startsWith('/')) report('process.cwd', 'an absolute path', process.cwd)
}

export function checkEnvironment({ process }: Config, report: Report): void {
  process?.env?.forEach((entry, index) => {
    if (entry.indexOf('=') < 1) report(`process.env[${index}]`, 'NAME=value', entry)
  })
}

export function checkUser({ process }: Config, report: Report): void {
  const { umask, uid, gid } = process?.user ?? {}
  if (umask !== undefined && umask > 0o777)
    report('process.user.umask', 'permission bits, at most 511 (octal 777)', umask)
  // (uid_t)-1 means "do not change" to setresuid(2), so the process would stay root.
  if (uid === 0xffff_ffff) report('process.user.uid', 'an id below 4294967295', uid)
  if (gid === 0xffff_ffff) report('process.user.gid', 'an id below 4294967295', gid)
}

export function checkRlimits({ process }: Config, report: Report): void {
  const seen = new Set<string>()
  process?.rlimits?.forEach(({ type, soft, hard }, index) => {
    const path = `process.rlimits[${index}]`
    if (seen.has(type)) report(`${path}.type`, 'each type once', type)
    seen.add(type)
    if (soft > hard) report(`${path}.soft`, `at most the hard limit ${hard}`, soft)
  })
}
