import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'

// What a server keeps and tells of its requests, and how many it takes at once. Flags are named as upstream's.

export interface RecordFlags {
  readonly auditLogPath?: string
  readonly auditPolicyFile?: string
  readonly auditLogMaxsize: string
  readonly auditLogMaxbackup: string
  readonly auditLogMaxage: string
  readonly maxRequestsInflight: string
  readonly maxMutatingRequestsInflight: string
  readonly loggingFormat: string
  readonly v: string
}

export function addRecordFlags(command: Command): Command {
  return command
    .option('--audit-log-path <file>', 'record requests there, a line each; - is standard output')
    .option('--audit-policy-file <file>', 'which, and how much of them (default: metadata of all)')
    .option('--audit-log-maxsize <megabytes>', 'put a file aside when it is that large', '100')
    .option('--audit-log-maxbackup <count>', 'how many of those to keep; 0 is all', '0')
    .option('--audit-log-maxage <days>', 'for how long to keep them; 0 is for ever', '0')
    .option('--max-requests-inflight <count>', 'reads answered at once; 0 is no limit', '400')
    .option(
      '--max-mutating-requests-inflight <count>',
      'writes answered at once; 0 is no limit',
      '200',
    )
    .option('--logging-format <format>', 'text or json', 'text')
    .option('-v, --v <level>', 'what to tell: 1 events, 2 writes, 3 requests, 4 watches too', '0')
}

/** What is recorded of requests, and how many there may be. @throws OperationError INVALID_ARGUMENT */
export function readRecordFlags(flags: RecordFlags) {
  const { auditLogPath: path, auditPolicyFile: policyFile, loggingFormat: format } = flags
  if (format !== 'text' && format !== 'json')
    throw new OperationError('INVALID_ARGUMENT', 'read --logging-format', { format })
  if (path === undefined && policyFile !== undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read --audit-policy-file',
      { policyFile },
      { hint: 'Say with --audit-log-path where to write' },
    )
  const audit = {
    policyFile,
    maxSize: readCount('--audit-log-maxsize', flags.auditLogMaxsize),
    maxBackup: readCount('--audit-log-maxbackup', flags.auditLogMaxbackup),
    maxAge: readCount('--audit-log-maxage', flags.auditLogMaxage),
  }
  return {
    ...(path === undefined ? {} : { audit: { path, ...audit } }),
    inFlight: {
      reads: readCount('--max-requests-inflight', flags.maxRequestsInflight),
      writes: readCount('--max-mutating-requests-inflight', flags.maxMutatingRequestsInflight),
    },
    logging: { format, verbosity: readCount('-v', flags.v) },
  } as const
}

function readCount(flag: string, text = '0'): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new OperationError('INVALID_ARGUMENT', `read ${flag}`, { value: text })
}
