import { appendFileSync } from 'node:fs'
import { writeOutput } from '../../native/standard-output.ts'

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

/** Where the messages of a command go: engines read the last line of the file and show it to their users. */
export interface OciLog {
  write(level: LogLevel, message: string): void
}

export interface LogOptions {
  /** `--log`; absent: standard error. */
  readonly path: string | undefined
  /** `--log-format`. */
  readonly format: 'text' | 'json'
  readonly debug: boolean
}

/** Lines as runc writes them: podman, containerd and docker parse these. */
export function openLog({ path, format, debug }: LogOptions): OciLog {
  return {
    write(level, message) {
      if (level === 'debug' && !debug) return
      const line = format === 'json' ? jsonLine(level, message) : textLine(level, message)
      if (path === undefined || path === '/dev/stderr') writeOutput(2, line)
      else appendLine(path, line)
    },
  }
}

/** A log that cannot be written must not change what the command does. */
function appendLine(path: string, line: string): void {
  try {
    appendFileSync(path, line, { mode: 0o644 })
  } catch {
    writeOutput(2, line)
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z')
}

function jsonLine(level: LogLevel, msg: string): string {
  return `${JSON.stringify({ level, msg, time: now() })}\n`
}

function textLine(level: LogLevel, message: string): string {
  return `time="${now()}" level=${level} msg=${JSON.stringify(message)}\n`
}
