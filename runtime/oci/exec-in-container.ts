import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { type HostFacts, readHostFacts } from '../inspect-host/host-facts.ts'
import { compileExec } from '../program/compile-exec.ts'
import type { ConsoleReceiver } from '../program/compile-input.ts'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import type { Program } from '../program/program.ts'
import { encodeProgram } from '../program/encode.ts'
import type { Config, Process } from '../spec/config.ts'
import { keptDescriptors } from './caller-descriptors.ts'
import { shareStreams, streamsOf } from './caller-streams.ts'
import type { Caller } from './caller.ts'
import { readContainer, requireStatus } from './oci-record.ts'
import { grantableProcess } from './grantable-capabilities.ts'
import { joinRdt } from './intel-rdt.ts'
import { writePidFile } from './pid-file.ts'
import { readStoredConfig } from './stored-config.ts'

export interface ExecWish {
  readonly root: string
  readonly id: string
  /** The new process, from the container's own. */
  readonly process: (config: Config) => Process
  readonly console: (process: Process) => ConsoleReceiver | undefined
  readonly pidFile?: string | undefined
  readonly pidfdSocket?: string | undefined
  readonly preserveFds: number
  readonly ignorePaused: boolean
  /** Below the container's own group. */
  readonly subgroup?: string | undefined
  readonly warn: (message: string) => void
}

/**
 * `exec`: run another program in a running container. It is left an orphan, as the container itself was.
 *
 * @throws {OperationError} `BAD_STATE` where the container does not run; `START_FAILED`
 */
export async function execInContainer(
  caller: Caller,
  wish: ExecWish,
): Promise<{ pid: number; process: Process }> {
  const container = readContainer(wish.root, wish.id)
  const { folder, record, pid } = container
  requireStatus(
    container,
    'exec in',
    'running',
    'created',
    ...(wish.ignorePaused ? (['paused'] as const) : []),
  )
  const config = readStoredConfig(folder)
  const facts = readHostFacts()
  const process = grantableProcess(wish.process(config), config, facts, wish.warn)
  const zygote = await caller.openZygote()
  const stateDir = mkdtempSync(join(folder.path, 'exec-'))
  try {
    const program = compileExecution(caller, wish, {
      facts,
      config,
      process,
      pid,
      bundle: record.bundle,
      stateDir,
      cgroup: record.cgroup,
      open: zygote.callerDescriptors,
    })
    shareStreams({ ...config, process })
    const outcome = await zygote.submit(encodeProgram(program)).started
    if (outcome.kind !== 'running') {
      const { explainOciExec } = await import('./oci-failure.ts')
      throw explainOciExec({ program, config, process, pid, outcome })
    }
    if (record.rdt) joinRdt(record.rdt, outcome.pid)
    if (wish.pidFile !== undefined) writePidFile(wish.pidFile, outcome.pid)
    return { pid: outcome.pid, process }
  } finally {
    rmSync(stateDir, { recursive: true, force: true })
  }
}

interface ExecutionSources {
  readonly facts: HostFacts
  readonly config: Config
  readonly process: Process
  /** Of the container's init. */
  readonly pid: number
  readonly bundle?: string
  readonly stateDir: string
  readonly cgroup: CgroupLocation | undefined
  /** How many descriptors from 3 on the caller has open. */
  readonly open: number
}

/** The program that makes a process in a container. Nothing is changed. */
export function compileExecution(
  caller: Caller,
  wish: Pick<ExecWish, 'id' | 'console' | 'pidfdSocket' | 'preserveFds' | 'subgroup'>,
  { facts, config, process, pid, bundle, stateDir, cgroup, open }: ExecutionSources,
): Program {
  return compileExec({
    id: wish.id,
    host: { ...facts, cgroupMode: facts.cgroups.mode },
    stdio: streamsOf(caller, process),
    console: wish.console(process),
    pidfdSocket: wish.pidfdSocket,
    leave: true,
    stateDir,
    log: undefined,
    monitor: { hold: false, keepStdin: false, stdinOnce: false },
    process,
    config,
    target: { pid },
    bundle,
    cgroup: cgroup && groupsOf(cgroup, wish.subgroup),
    ...keptDescriptors(caller, wish.preserveFds, open),
  })
}

type Groups = NonNullable<Parameters<typeof compileExec>[0]['cgroup']>

function groupsOf({ v2, v1 }: CgroupLocation, subgroup = ''): Groups {
  if (subgroup.split('/').includes('..'))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'use the control group',
      { value: subgroup },
      { hint: 'Name one below the container’s own, without ".."' },
    )
  const below = (folder: string): string => join(folder, subgroup)
  return {
    cloneInto: v2 === undefined ? undefined : below(v2),
    join: [...new Set(Object.values(v1))].map((folder) => join(below(folder), 'cgroup.procs')),
  }
}
