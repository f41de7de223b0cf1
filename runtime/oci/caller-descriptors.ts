import { OperationError } from '../../native/error.ts'
import type { CompileBase } from '../program/compile-input.ts'
import type { Config } from '../spec/config.ts'
import type { Caller } from './caller.ts'

/** How many descriptors socket activation has passed to the caller; sd_listen_fds(3). */
export function listenedDescriptors(caller: Caller, env: NodeJS.ProcessEnv): number {
  const { LISTEN_FDS: count = '', LISTEN_PID: pid = '' } = env
  if (!/^\d{1,3}$/.test(count)) return 0
  // Meant for another process where it names one.
  return pid === '' || Number(pid) === caller.pid ? Number(count) : 0
}

/** What tells the program of the sockets it gets: its own pid is 1, as it sees itself. */
export function withListenedDescriptors(config: Config, count: number): Config {
  if (count === 0 || !config.process) return config
  const env = (config.process.env ?? []).filter((line) => !/^LISTEN_(?:FDS|PID)=/.test(line))
  env.push(`LISTEN_FDS=${count}`, 'LISTEN_PID=1')
  return { ...config, process: { ...config.process, env } }
}

/**
 * Descriptors from 3 on that the program keeps.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` where the caller has fewer: other ones with these numbers are ours
 */
export function keptDescriptors(
  caller: Caller,
  count: number,
  open: number,
): Pick<CompileBase, 'preserved'> {
  if (count === 0) return {}
  if (count <= open) return { preserved: { pid: caller.pid, count } }
  throw new OperationError(
    'INVALID_ARGUMENT',
    `hand on the descriptors 3 to ${count + 2}`,
    { open },
    { hint: 'Open each of them for the command, as in 3<FILE, or ask for fewer (--preserve-fds)' },
  )
}
