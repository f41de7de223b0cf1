import type { MonitorConnection } from '../container/monitor-connection.ts'

export interface ExecWish {
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly user: string | undefined
  readonly workdir: string | undefined
  readonly tty: boolean
  readonly privileged: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly detachKeys: readonly number[]
  readonly size: TerminalSize | undefined
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/** A program that was, or is to be, started in a container: clients make it first, then start it. */
export interface ExecInstance {
  readonly id: string
  readonly container: string
  readonly wish: ExecWish
  isStarted: boolean
  isRunning: boolean
  exitCode: number | null
  pid: number
  size: TerminalSize | undefined
  connection: MonitorConnection | undefined
}

export interface ExecInstances {
  add(instance: ExecInstance): void
  find(id: string): ExecInstance | undefined
  /** Those of a container that run. */
  running(container: string): string[]
}

/** So many are remembered; of the older ones those that run. */
const kept = 1000

export function createExecInstances(): ExecInstances {
  const all = new Map<string, ExecInstance>()
  return {
    add(instance) {
      all.set(instance.id, instance)
      for (const [id, { isRunning }] of all) {
        if (all.size <= kept) break
        if (!isRunning) all.delete(id)
      }
    },
    find: (id) =>
      all.get(id) ?? [...all.values()].find((one) => id.length >= 12 && one.id.startsWith(id)),
    running: (container) =>
      [...all.values()]
        .filter((one) => one.isRunning && one.container === container)
        .map(({ id }) => id),
  }
}
