import { OperationError } from '../../native/error.ts'
import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT, AT_FDCWD, CLOSE_RANGE_CLOEXEC, O, PR } from './flags/values.ts'
import { RECORD } from './format.ts'
import type { Data } from './operand.ts'
import { firstFree, installPreserved } from './descriptors.ts'
import { forbidNewPrivileges, loadFilter } from './seccomp.ts'
import { endTurn, rememberRefusal, reportMissing, searchPath, searchSource } from './search-path.ts'
import { listens } from './seccomp-listener.ts'
import { keepsAdmin, setCapabilities } from './capabilities.ts'
import { stringVector } from './structs.ts'

/** Inner half, before pivot_root: the shim, as a sealed copy that no container can write to. */
export function openInit(c: Compilation, path: string): void {
  const { b } = c
  const why =
    'the container can reach the file its init runs from: it must not be the host’s (CVE-2019-5736)'
  b.call('openat', [AT_FDCWD, b.text(path), O.CLOEXEC, 0], {
    to: b.slot('file'),
    why: 'the init is found on the host, before its tree is gone',
    source: 'openat(2)',
  })
  b.call('memfd_create', [b.text('init'), MFD.CLOEXEC | MFD.ALLOW_SEALING], {
    to: b.slot('init'),
    why,
    source: 'memfd_create(2)',
  })
  b.call('sendfile', [b.slot('init'), b.slot('file'), 0, 1 << 26], { why, source: 'sendfile(2)' })
  b.call('fcntl', [b.slot('init'), F_ADD_SEALS, 0xf], { why, source: 'F_ADD_SEALS(2const)' })
  b.call('close', [b.slot('file')], { why: 'the copy is complete', source: 'close(2)' })
}
const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2 } as const
const F_ADD_SEALS = 1033

/** Inner half, its very end: the last restrictions, and the container's program. */
export function execute(c: Compilation, hasInit: boolean): void {
  const { b, base } = c
  forbidNewPrivileges(c)
  if (base.preserved !== undefined) keepPreserved(c, hasInit)
  b.call('close_range', [firstFree(c), 0xffffffff, CLOSE_RANGE_CLOEXEC], {
    why: 'no descriptor of ours may be open in the program: each is a way out (CVE-2024-21626)',
    source: 'close_range(2)',
  })
  b.call('prctl', [PR.SET_PDEATHSIG, 0, 0, 0, 0], {
    why: 'from here on the container outlives its monitor',
    source: 'PR_SET_PDEATHSIG(2const)',
  })
  b.operation('RECORD', [RECORD.PRE_EXEC, 0], {
    why: 'end of file alone cannot tell a program that runs from one that died before',
    source: 'execve(2)',
  })
  if (!listens(c)) restrict(c)
  executeArguments(c, hasInit)
}

/** Inner half: the filter, and the end of the right that loading it takes. */
export function restrict(c: Compilation): void {
  loadFilter(c)
  if (keepsAdmin(c)) setCapabilities(c, 0n)
}

function keepPreserved(c: Compilation, hasInit: boolean): void {
  const { b } = c
  const report = b.slot('syncWrite')
  installPreserved(c, hasInit ? [report, b.slot('init')] : [report])
  b.operation('REPORT', [report], { why: 'it has another number now', source: 'pipe(7)' })
}

/**
 * Annotation of a configuration whose program has an empty name: `alone` lets the init that was asked for be all that
 * runs, so that a PID namespace stays for others to join.
 */
export const initAnnotation = 'mycontainer.init'

/** Inner half: the execve itself. */
export function executeArguments(c: Compilation, hasInit: boolean): void {
  const { b } = c
  const { args = [], env = [] } = c.config.process ?? {}
  if (args.length === 0) refuseSpec('process.args', { problem: 'empty' }, 'Name the program to run')
  const holds = hasInit && c.config.annotations?.[initAnnotation] === 'alone'
  if (args[0] === '' && !holds)
    throw new OperationError(
      'INVALID_SPEC',
      'execute the program: its name is empty',
      {},
      { hint: 'Was a variable of the shell empty?', exitCode: 127 },
    )
  const environment = stringVector(b.data, env)
  if (hasInit) return executeInit(c, args, environment)
  executeProgram(c, args, environment)
}

function executeInit(c: Compilation, args: readonly string[], environment: Data): void {
  const { b } = c
  const argv = stringVector(b.data, ['mycontainer-init', 'init', '--', ...args])
  b.call('execveat', [b.slot('init'), b.text(''), argv, environment, AT.EMPTY_PATH], {
    why: 'a program that is PID 1 gets no default signals and must reap; the init does both for it',
    source: 'execveat(2)',
  })
}

function executeProgram(c: Compilation, args: readonly string[], environment: Data): void {
  const { b } = c
  const name = args[0] ?? ''
  const argv = stringVector(b.data, args)
  const execve = (
    path: string,
    options: { readonly ignore?: readonly string[]; readonly why: string },
  ): void =>
    b.call('execve', [b.text(path), argv, environment], {
      ...options,
      to: b.slot('result'),
      source: 'execve(2)',
    })
  if (name.includes('/')) return execve(name, { why: 'the container’s program takes over' })
  for (const folder of searchPath(c)) {
    const next = b.label('next folder')
    const denied = b.label('found, not executable')
    execve(folder === '' ? `./${name}` : `${folder}/${name}`, {
      ignore: ['ENOENT', 'ENOTDIR', 'EACCES', 'ENODEV', 'ELOOP'],
      why: `"${name}" has no slash, so it is looked for in each folder of PATH`,
    })
    rememberRefusal(c, denied)
    b.jump(next, { why: 'not in this folder', source: searchSource })
    endTurn(c, next, denied)
  }
  reportMissing(c, name)
}
