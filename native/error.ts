// Every deliberate failure of this project is an OperationError. It holds what a
// bare string loses: a code to branch on, the operands of the failed step, what
// the user can do about it, and the cause. It survives JSON, because parts of the
// system report to each other through pipes and files.

export type ErrorCode =
  | 'INVALID_ARGUMENT' // the user's input is wrong; nothing was changed
  | 'INVALID_SPEC' // config.json breaks the OCI runtime specification
  | 'INVALID_IMAGE' // an image, archive, layer or manifest is malformed or hostile
  | 'NOT_FOUND' // the named container, image, network or file does not exist
  | 'ALREADY_EXISTS' // the name, address or port is taken
  | 'BAD_STATE' // not allowed in this life cycle state, e.g. start when running
  | 'SYSCALL_FAILED' // the kernel refused; detail.errno has the name, e.g. EPERM
  | 'START_FAILED' // the container's program could not be started (see exitCode)
  | 'UNSUPPORTED' // this host, kernel or mode lacks what the request needs
  | 'LOCKED' // another process holds the lock
  | 'TIMEOUT' // a peer did not answer in time
  | 'UNREACHABLE' // no connection to a host: its name, its port, TLS
  | 'ACCESS_DENIED' // a registry wants other credentials, or grants this user less
  | 'CONFLICT' // somebody else changed it since it was read
  | 'EXPIRED' // the history asked for is no longer kept
  | 'PROTOCOL' // a process of ours or a peer answered with something unexpected
  | 'INTERNAL' // a defect of ours

/** Operands of the failed step. They end up in logs: no secrets, nothing long. */
export type ErrorDetail = Readonly<Record<string, string | number | bigint | boolean>>

export interface ErrorOptionsWithHint extends ErrorOptions {
  /** What the user can do about it, one sentence, imperative. */
  readonly hint?: string | undefined
  /** Exit code that a command line should end with; absent means 125. */
  readonly exitCode?: number | undefined
}

export interface WireError {
  readonly code: ErrorCode
  readonly step: string
  readonly detail: Record<string, string | number | boolean>
  readonly hint?: string
  readonly exitCode?: number
  readonly cause?: WireError
}

export class OperationError extends Error {
  readonly code: ErrorCode
  readonly step: string
  readonly detail: ErrorDetail
  readonly hint: string | undefined
  readonly exitCode: number | undefined

  static {
    this.prototype.name = 'OperationError'
  }

  /** @param step what was attempted: lower case, imperative, no full stop ("mount proc") */
  constructor(
    code: ErrorCode,
    step: string,
    detail: ErrorDetail = {},
    options: ErrorOptionsWithHint = {},
  ) {
    const operands = Object.entries(detail).map(([key, value]) => `${key}=${value}`)
    const { hint, exitCode, ...rest } = options
    super(operands.length === 0 ? step : `${step} (${operands.join(' ')})`, rest)
    this.code = code
    this.step = step
    this.detail = detail
    this.hint = hint
    this.exitCode = exitCode
  }

  toJSON(): WireError {
    const { code, step, hint, exitCode, cause } = this
    const detail: Record<string, string | number | boolean> = {}
    for (const [key, value] of Object.entries(this.detail))
      detail[key] = typeof value === 'bigint' ? String(value) : value
    return {
      code,
      step,
      detail,
      ...(hint === undefined ? {} : { hint }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(cause instanceof OperationError ? { cause: cause.toJSON() } : {}),
    }
  }

  static fromWire(wire: WireError): OperationError {
    const { code, step, detail, hint, exitCode, cause } = wire
    return new OperationError(code, step, detail, {
      hint,
      exitCode,
      ...(cause ? { cause: OperationError.fromWire(cause) } : {}),
    })
  }
}

/** Whether `error`, or an error that caused it, is an OperationError with this code. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof OperationError && at.code === code) return true
  return false
}

/** One line for people: the chain of steps from the outermost to the root cause, then the hint. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  let hint: string | undefined
  let usual: string | undefined
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? at.message : JSON.stringify(at))
    if (at instanceof OperationError && at.hint !== undefined) hint = at.hint
    usual = usualHints[errnoOf(at)] ?? usual
  }
  const text = parts.join(': ')
  const cure = hint ?? usual
  return oneLine(cure === undefined ? text : `${text}. ${cure}`)
}

/** What the kernel refused, by name; empty: it was not the kernel. */
function errnoOf(error: unknown): string {
  if (error instanceof OperationError) return String(error.detail['errno'] ?? '')
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

/** For refusals that any step can meet, where the step itself knows nothing better. */
const usualHints: Readonly<Record<string, string>> = {
  EMFILE: 'Too many files are open in this process: raise its limit (ulimit -n)',
  ENFILE: 'Too many files are open on the whole machine: raise fs.file-max',
  ENOSPC: 'The disk or a limit of the kernel is full: free some space',
  EDQUOT: 'The quota of the disk is used up: free some space',
  EROFS: 'That place is read-only: choose another one for the state (--root), or mount it writable',
  ENOMEM: 'Memory is short: free some, or raise the limit of this process',
  EPERM:
    'The kernel does not allow it: run as root with all capabilities, or see what is missing with "mycontainer doctor"',
}

/** What files and images contain gets into messages: it must neither break the line nor reach the terminal. */
function oneLine(text: string): string {
  return text
    .trimEnd()
    .replaceAll(/\s*\n\s*/gu, ' ')
    .replaceAll(
      /\p{Cc}/gu,
      (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
}
