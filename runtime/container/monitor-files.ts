import { join } from 'node:path'
import { readJsonIfPresent, readTextIfPresent, writeFileDurably } from './durable-file.ts'

// The files that a monitor writes in a state folder, native/shim/program.h.

export interface ProcessFile {
  readonly pid: number
  readonly startTicks: number
  readonly monitorPid: number
  readonly monitorStartTicks: number
  /** Absent until the container's program was executed. */
  readonly startedAt?: string
}

export interface ExitFile {
  readonly exitCode?: number
  readonly signal?: number
  readonly oomKills?: number
  readonly startedAt?: string
  readonly finishedAt: string
  /** Why nobody saw the end; written by whoever found that out. */
  readonly error?: string
  readonly failed?: { readonly pc: number; readonly errno: number; readonly signal: number }
}

export function readProcessFile(stateFolder: string): ProcessFile | undefined {
  return readJsonIfPresent(join(stateFolder, 'process')) as ProcessFile | undefined
}

export function readExitFile(stateFolder: string): ExitFile | undefined {
  return readJsonIfPresent(join(stateFolder, 'exit')) as ExitFile | undefined
}

/** For a monitor that can no longer do it. */
export function writeExitFile(stateFolder: string, exit: ExitFile): void {
  writeFileDurably(join(stateFolder, 'exit'), `${JSON.stringify(exit)}\n`)
}

/** Whether a user asked for the end: the monitor then neither waits nor restarts. */
export function isStopRequested(stateFolder: string): boolean {
  return readTextIfPresent(join(stateFolder, 'stop')) !== undefined
}

/** Whether a user did, and not the machine on its way down. */
export function isStoppedByUser(stateFolder: string): boolean {
  const text = readTextIfPresent(join(stateFolder, 'stop'))
  return text !== undefined && text !== untilBootText
}

const untilBootText = 'until boot\n'

/** @param untilBoot the next boot is to see it as a container that nobody stopped */
export function requestStop(stateFolder: string, untilBoot = false): void {
  writeFileDurably(join(stateFolder, 'stop'), untilBoot ? untilBootText : '', false)
}
