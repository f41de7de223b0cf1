import { fchownSync, fstatSync } from 'node:fs'
import type { Caller } from './caller.ts'
import type { CompileStdio } from '../program/compile-input.ts'
import type { Config, Process } from '../spec/config.ts'

/** The streams of a program: a new terminal, or those of the caller, untouched. */
export function streamsOf(
  caller: Pick<Caller, 'console' | 'pid'>,
  process: Process | undefined,
): CompileStdio {
  if (process?.terminal !== true)
    return { kind: 'descriptors', pid: caller.pid, numbers: [0, 1, 2] }
  const { height, width } = process.consoleSize ?? {}
  const { rows = 0, columns = 0 } = caller.console ?? {}
  return { kind: 'terminal', rows: height || rows, columns: width || columns }
}

/**
 * Give pipes and sockets among the caller's streams to the program's user: it may open /dev/stderr again, which takes
 * rights on the pipe itself. Files and devices stay whose they are.
 */
export function shareStreams(config: Config): void {
  const user = config.process?.user
  if (config.process?.terminal === true || user === undefined) return
  const owner = hostUser(config, user.uid)
  if (owner === undefined) return
  for (const descriptor of [0, 1, 2]) {
    try {
      const facts = fstatSync(descriptor)
      const isShared = facts.isFIFO() || facts.isSocket()
      if (isShared && facts.uid !== owner) fchownSync(descriptor, owner, facts.gid)
    } catch (error) {
      // In a user namespace the file may be nobody's, and some file systems know no owners.
      if (!(error instanceof Error && 'errno' in error)) throw error
    }
  }
}

function hostUser({ linux }: Config, uid: number): number | undefined {
  const rows = linux?.uidMappings ?? []
  if (rows.length === 0) return uid
  const row = rows.find((one) => uid >= one.containerID && uid < one.containerID + one.size)
  return row && row.hostID + uid - row.containerID
}
