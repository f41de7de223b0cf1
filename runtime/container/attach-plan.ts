import type { AttachOptions } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import type { ContainerRecord } from './record.ts'

/** How a command becomes the terminal of a container: what `attach` of the shim is told. */
export interface AttachPlan {
  /** Folder with the monitor's socket. */
  readonly stateFolder: string
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
  /** Hand signals of the command on to the container. */
  readonly sigProxy: boolean
  /** Bytes of the key sequence that detaches; absent: ctrl-p,ctrl-q; empty: none. */
  readonly detachKeys?: readonly number[] | undefined
}

export function planAttach(
  folders: EngineFolders,
  record: ContainerRecord,
  options: AttachOptions,
): AttachPlan {
  const wanted = record.options.attach
  const shows = (stream: 'stdout' | 'stderr'): boolean =>
    wanted.length === 0 || wanted.includes(stream)
  return {
    stateFolder: containerFolder(folders, record.id).state,
    stdin: options.stdin && record.options.interactive,
    stdout: shows('stdout'),
    stderr: shows('stderr'),
    tty: record.options.tty,
    sigProxy: options.sigProxy,
    detachKeys: options.detachKeys,
  }
}
