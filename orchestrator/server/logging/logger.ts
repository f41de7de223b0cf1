import { describeError } from '../../../native/error.ts'

// What the server says of itself, a line each: for people, or as JSON with the fields that upstream's components write.

export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  /** Of what is told only to who asks for that much: 0 always, 2 every write, 3 every request, 4 every watch as well. */
  readonly info: (verbosity: number, message: string, fields?: LogFields) => void
  readonly error: (message: string, error: unknown, fields?: LogFields) => void
  /** Whether it is worth putting something together. */
  readonly isOn: (verbosity: number) => boolean
}

export interface LoggerOptions {
  readonly format: 'json' | 'text'
  readonly verbosity: number
  /** Absent: standard error. */
  readonly write?: (line: string) => void
}

export function makeLogger({ format, verbosity, write = toStderr }: LoggerOptions): Logger {
  const line = format === 'json' ? jsonLine : textLine
  const isOn = (wanted: number): boolean => wanted <= verbosity
  return {
    isOn,
    info: (wanted, message, fields = {}) => {
      if (isOn(wanted)) write(line(message, { v: wanted }, fields, new Date()))
    },
    error: (message, error, fields = {}) =>
      write(line(message, { err: describeError(error) }, fields, new Date())),
  }
}

function toStderr(line: string): void {
  process.stderr.write(line)
}

type Head = { readonly v: number } | { readonly err: string }

/** https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#json-log-format */
function jsonLine(msg: string, head: Head, fields: LogFields, now: Date): string {
  return `${JSON.stringify({ ts: now.getTime(), msg, ...head, ...fields })}\n`
}

function textLine(message: string, head: Head, fields: LogFields, now: Date): string {
  const severity = 'err' in head ? 'E' : 'I'
  const all = 'err' in head ? { err: head.err, ...fields } : fields
  const words = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${JSON.stringify(shortened(value))}`)
  return `${severity} ${now.toISOString()} ${JSON.stringify(message)}${words.join('')}\n`
}

/** Objects by their names, as klog writes them. */
function shortened(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('name' in value)) return value
  const { name, namespace } = value as { name: unknown; namespace?: unknown }
  return typeof namespace === 'string' ? `${namespace}/${String(name)}` : name
}
