import { readTextIfPresent } from '../container/durable-file.ts'

/** Who the init of a container is; written by native/shim/oci-leave.c. */
export interface ProcessFile {
  readonly pid: number
  readonly startTicks: number
}

/** undefined where there is none yet. */
export function readProcessFile(path: string): ProcessFile | undefined {
  const text = readTextIfPresent(path)
  const [, pid, ticks] = /^\{"pid":(\d+),"startTicks":(\d+)/.exec(text ?? '') ?? []
  return pid === undefined || ticks === undefined
    ? undefined
    : { pid: Number(pid), startTicks: Number(ticks) }
}
