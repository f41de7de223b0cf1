import { close, openBelow } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, ERRNO, O, PROC_SUPER_MAGIC, RESOLVE } from './flags/values.ts'
import { directoryFlag } from './compilation.ts'
import type { Slot } from './operand.ts'
import type { Step } from './program.ts'

const LINK_SAFE = RESOLVE.BENEATH | RESOLVE.NO_MAGICLINKS | RESOLVE.NO_XDEV

/**
 * Inner half, before pivot_root: slot `proc` becomes the host's procfs. Sysctls, labels and scores are
 * written through it, never through a path of the container, which could lead anywhere
 * (CVE-2019-16884, CVE-2025-52881).
 */
export function openProc(c: Compilation): void {
  const { b } = c
  const facts = b.data.scratch(120)
  b.call('openat', [AT_FDCWD, b.text('/proc'), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot('proc'),
    why: 'later writes go to the kernel through this, whatever the container has at /proc',
    source: 'openat(2)',
  })
  b.call('fstatfs', [b.slot('proc'), facts], {
    why: 'a folder that only looks like procfs must not get our writes (CVE-2025-52881)',
    source: 'statfs(2)',
  })
  b.load(b.slot('magic'), facts, 0, 8, { why: 'type of the file system', source: 'statfs(2)' })
  b.assert(b.slot('magic'), PROC_SUPER_MAGIC, ERRNO.EINVAL, {
    why: 'only the real procfs reaches the kernel (CVE-2019-16884)',
    source: 'proc(5)',
  })
}

/**
 * Write to a file of procfs.
 *
 * @param options.tree descriptor of the procfs; absent: the host's, slot `proc`
 */
export function writeProc(
  c: Compilation,
  path: string,
  value: string,
  options: {
    readonly why: string
    readonly source: string
    readonly ignore?: readonly string[]
    readonly tree?: Slot | undefined
  },
): void {
  const { b } = c
  const { why, source, ignore = [], tree = b.slot('proc') } = options
  const done = b.label('written')
  openBelow(c, tree, path, {
    flags: O.WRONLY,
    resolve: LINK_SAFE,
    to: b.slot('file'),
    why,
    source,
    ignore,
    ...(ignore.length > 0 ? { ifIgnored: done } : {}),
  })
  b.call('write', [b.slot('file'), b.text(value), Buffer.byteLength(value)], {
    why,
    source,
    ignore,
  })
  close(c, b.slot('file'), 'the value is written')
  b.place(done)
}

const apparmorSource = 'https://gitlab.com/apparmor/apparmor/-/wikis/Kernel_interfaces'
const selinuxSource = 'proc_pid_attr(5)'

/** Whether a step is about such a label. */
export function isLabelStep({ source }: Pick<Step, 'source'>): boolean {
  return source === apparmorSource || source === selinuxSource
}

/** Labels of the Linux security modules, which take effect at the execve. */
export function setExecLabels(c: Compilation): void {
  const { process } = c.config
  const profile = process?.apparmorProfile ?? ''
  const label = process?.selinuxLabel ?? ''
  if (profile !== '')
    writeProc(c, 'self/attr/apparmor/exec', `exec ${profile}`, {
      why: `the program runs under the AppArmor profile ${profile}`,
      source: apparmorSource,
    })
  if (label !== '')
    writeProc(c, 'self/attr/exec', label, {
      why: 'the program runs under its SELinux label',
      source: selinuxSource,
    })
}
