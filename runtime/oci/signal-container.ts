import { constants } from 'node:os'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { isFrozen, thaw } from '../cgroup/freeze.ts'
import { killAll } from '../cgroup/kill-all.ts'
import { listPids } from '../cgroup/list-pids.ts'
import { readContainer } from './oci-record.ts'

/**
 * `kill`: send a signal to the init of a container, or to all of its processes.
 *
 * @param signal name (with or without SIG, in any case) or number
 * @throws {OperationError} `NOT_FOUND`; `BAD_STATE` where nothing of it runs; `INVALID_ARGUMENT` for the signal
 */
export function signalContainer(root: string, id: string, signal: string, all: boolean): void {
  const number = signalNumber(signal)
  const { record, pid } = readContainer(root, id)
  const { cgroup } = record
  const members = all && cgroup ? listPids(cgroup) : []
  if (pid === 0 && members.length === 0)
    throw new OperationError(
      'BAD_STATE',
      'container not running',
      { id },
      { hint: 'It has ended already' },
    )
  if (all && cgroup && number === constants.signals.SIGKILL) killAll(cgroup)
  else for (const member of all ? members : []) send(member, number)
  if (pid !== 0 && !members.includes(pid)) send(pid, number)
  // Frozen by v1 even SIGKILL waits.
  if (number === constants.signals.SIGKILL && cgroup && cgroup.v2 === undefined && isFrozen(cgroup))
    thaw(cgroup)
}

function send(pid: number, number: number): void {
  try {
    process.kill(pid, number)
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}

/** Real-time signals have numbers only. */
const highestSignal = 64

export function signalNumber(text: string): number {
  if (/^\d{1,3}$/.test(text)) {
    const number = Number(text)
    if (number >= 0 && number <= highestSignal) return number
  }
  const name = text.toUpperCase()
  const signals: Readonly<Record<string, number>> = constants.signals
  const number = signals[name.startsWith('SIG') ? name : `SIG${name}`]
  if (number !== undefined) return number
  throw new OperationError(
    'INVALID_ARGUMENT',
    `unknown signal ${JSON.stringify(text)}`,
    {},
    { hint: 'Give a name such as TERM, or a number from 1 to 64' },
  )
}
