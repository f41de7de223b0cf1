import { readFileSync } from 'node:fs'

// A pid alone may be another process by now; a pid and its start time name one process.

/**
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat, see proc(5).
 *
 * @returns undefined where there is no such process, or it is a zombie
 */
export function readStartTicks(pid: number): number | undefined {
  if (pid !== process.pid) return lookUpStartTicks(pid)
  own ??= lookUpStartTicks(pid)
  return own
}

/** This process's own, which never change. */
let own: number | undefined

function lookUpStartTicks(pid: number): number | undefined {
  let text: string
  try {
    // Node reads this encoding in one step; a name that is none is not looked at.
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined // ENOENT or ESRCH: it is gone.
  }
  // The command name in field 2 may hold spaces and parentheses: count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const isZombie = fields[0] === 'Z' || fields[0] === 'X'
  return isZombie ? undefined : Number(fields[19])
}

export function isProcessAlive(pid: number, startTicks: number): boolean {
  return pid > 0 && readStartTicks(pid) === startTicks
}
