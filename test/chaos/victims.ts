import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readProcessFile } from '../../runtime/container/monitor-files.ts'
import { readStartTicks } from '../../runtime/container/process-identity.ts'

export type VictimKind = 'monitor' | 'init' | 'command' | 'zygote' | 'engine'

export interface Victim {
  readonly kind: VictimKind
  readonly pid: number
  /** Start time, by which a pid that is used again is told apart. */
  readonly ticks: number
  /** The container, of a monitor or init. */
  readonly id?: string
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Monitors and inits of all containers of a state root that live now. */
export function containerProcesses(root: string): Victim[] {
  const folder = join(root, 'data/containers')
  return namesIn(folder).flatMap((id) => {
    try {
      const file = readProcessFile(join(folder, id, 'state'))
      if (!file) return []
      const both: Victim[] = [
        { kind: 'monitor', pid: file.monitorPid, ticks: file.monitorStartTicks, id },
        { kind: 'init', pid: file.pid, ticks: file.startTicks, id },
      ]
      return both.filter(isAlive)
    } catch {
      return [] // Removed meanwhile.
    }
  })
}

export const isAlive = ({ pid, ticks }: Pick<Victim, 'pid' | 'ticks'>): boolean =>
  readStartTicks(pid) === ticks

// A zygote has no environment; it is the child of a command.
const parentOf = (pid: string): string =>
  /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'

function belongsTo(pid: string, root: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return environment.split('\0').includes(`MYCONTAINER_ROOT=${root}`)
  } catch {
    return false // It has ended, or is the kernel's own.
  }
}

/** Everything else of ours that runs for a state root: by the variable that names it. */
export function helperProcesses(root: string): Victim[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        if (!belongsTo(name, root) && !belongsTo(parentOf(name), root)) return []
        const words = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0')
        const ticks = readStartTicks(Number(name))
        if (ticks === undefined) return []
        const kind: VictimKind = words.includes('zygote')
          ? 'zygote'
          : words.includes('serve')
            ? 'engine'
            : 'command'
        return [{ kind, pid: Number(name), ticks }]
      } catch {
        return [] // It has ended.
      }
    })
}

/** Kill for certain this process and no other. @returns whether it was there */
export function killVictim(victim: Victim): boolean {
  if (!isAlive(victim)) return false
  try {
    process.kill(victim.pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
