import type { ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { OperationError } from '../../native/error.ts'
import { applyPlan } from './apply-plan.ts'
import type { CgroupLocation, CgroupPlan } from './cgroup-plan.ts'
import { isPopulated } from './kill-all.ts'
import type { LimitValues } from './limit-values.ts'
import { toResources } from './limit-values.ts'
import { readOomKills } from './oom-kills.ts'
import { planCgroup } from './plan-cgroup.ts'
import { readHierarchy } from './read-hierarchy.ts'
import type { CgroupResources } from './resources.ts'
import { removeGroup } from './remove-group.ts'

// The shell joins the groups before it becomes the command, so that no instruction of the
// command runs outside of them. `echo` is a builtin: the shell itself is what joins.
const joinAndExec =
  'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'

const forwardedSignals = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT'] as const

export interface LimitCommandOptions {
  /** Takes what we have to say about the command; default: our stderr. */
  readonly report?: ((line: string) => void) | undefined
}

/**
 * Run a plain command under limits, with our stdio and signals, and wait for it. Its group is
 * removed afterwards; groups that a killed predecessor left behind are removed before.
 *
 * @returns its exit code, 128 + n when a signal ended it (137 when the OOM killer did)
 * @throws {OperationError} `INVALID_ARGUMENT` without a command; what `planCgroup` throws
 */
export async function runLimited(
  limits: LimitValues,
  argv: readonly string[],
  options: LimitCommandOptions = {},
): Promise<number> {
  return runUnderResources(toResources(limits), argv, options)
}

/** As `runLimited`, with limits as an OCI `linux.resources` section. */
export async function runUnderResources(
  resources: CgroupResources,
  argv: readonly string[],
  { report = (line) => process.stderr.write(`${line}\n`) }: LimitCommandOptions = {},
): Promise<number> {
  if (argv.length === 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the command to limit',
      {},
      {
        hint: 'Give it after "--", as in: mycontainer limit -m 50m -- make',
      },
    )
  const hierarchy = readHierarchy()
  const plan = planCgroup({
    hierarchy,
    resources,
    cgroupPath: `limit-${process.pid}-${startTime(process.pid)}`,
    rootless: process.geteuid?.() !== 0,
  })
  const joins = joinFiles(plan)
  if (joins.length === 0)
    throw new OperationError(
      'UNSUPPORTED',
      'make a control group',
      { mode: hierarchy.mode },
      {
        hint: 'Run as root, or have a cgroup v2 subtree delegated; see "mycontainer doctor"',
      },
    )
  for (const warning of plan.warnings) report(`mycontainer: ${warning}`)
  removeStaleGroups(plan.location)
  applyPlan(plan)
  try {
    const code = await runToEnd(['-c', joinAndExec, 'sh', String(joins.length), ...joins, ...argv])
    reportOom(plan.location, code, report)
    return code
  } finally {
    removeGroup(plan.location)
  }
}

function joinFiles({ cloneInto, join }: CgroupPlan): string[] {
  return cloneInto === undefined ? [...join] : [`${cloneInto}/cgroup.procs`, ...join]
}

async function runToEnd(shellArguments: readonly string[]): Promise<number> {
  const { spawn } = await import('node:child_process')
  const { isatty } = await import('node:tty')
  const child = spawn('/bin/sh', shellArguments, { stdio: 'inherit' })
  const stopForwarding = forwardSignals(child, isatty(0))
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) =>
        reject(
          new OperationError('START_FAILED', 'start the command', { path: '/bin/sh' }, { cause }),
        ),
      )
      child.once('exit', (code, signal) =>
        resolve(signal === null ? (code ?? 125) : 128 + constants.signals[signal]),
      )
    })
  } finally {
    stopForwarding()
  }
}

// At a terminal the kernel sends Ctrl-C and Ctrl-\ to the command itself, as it is in our process
// group: passed on by us they would arrive twice.
function forwardSignals(child: ChildProcess, isTerminal: boolean): () => void {
  const stops = forwardedSignals.map((signal) => {
    const isFromTerminal = isTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')
    const listener = (): void => {
      if (!isFromTerminal) child.kill(signal)
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return () => {
    for (const stop of stops) stop()
  }
}

function reportOom(location: CgroupLocation, code: number, report: (line: string) => void): void {
  const kills = readOomKills(location)
  if (kills === 0) return
  const what = code === 137 ? 'the command was' : `${kills} process(es) of the command were`
  report(`mycontainer: ${what} killed for lack of memory (OOM): raise --memory`)
}

/** Clock ticks after boot at which a process started; tells a reused pid from the first one. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

// A command that was killed leaves its group. Its owner is in the name; while something still
// lives in the group, it stays.
function removeStaleGroups({ v2, v1 }: CgroupLocation): void {
  for (const [controller, folder] of [['', v2] as const, ...Object.entries(v1)]) {
    const parent = folder?.slice(0, folder.lastIndexOf('/'))
    if (parent === undefined) continue
    for (const name of listFolder(parent)) {
      const [, pid, started] = /^limit-(\d+)-(\d+)$/.exec(name) ?? []
      if (pid === undefined || startTime(Number(pid)) === started) continue
      const path = `${parent}/${name}`
      const stale =
        controller === '' ? { path, v2: path, v1: {} } : { path, v1: { [controller]: path } }
      if (!isPopulated(stale)) removeGroup(stale)
    }
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return [] // not made yet
  }
}
