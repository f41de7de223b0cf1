import { readFileSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { parseYaml } from '../parse-yaml.ts'
import { openAuditLog } from './audit-log.ts'
import type { AuditLogOptions } from './audit-log.ts'
import type { Audit } from './audit-requests.ts'
import { readPolicy, usualPolicy } from './policy.ts'

export interface AuditOptions extends AuditLogOptions {
  /** Absent: the metadata of every request. */
  readonly policyFile?: string | undefined
}

/** @throws OperationError INVALID_ARGUMENT for a policy that is none, or a log that cannot be written */
export async function openAudit(
  options: AuditOptions,
): Promise<Audit & { readonly close: () => void }> {
  const { policyFile: file } = options
  const policy = readPolicy(file === undefined ? usualPolicy : await readPolicyFile(file))
  const log = attempt('open the audit log', options.path, () => openAuditLog(options))
  return { policy, write: log.write, close: log.close }
}

async function readPolicyFile(path: string): Promise<unknown> {
  const text = attempt('read the audit policy', path, () => readFileSync(path, 'utf8'))
  try {
    return await parseYaml(text)
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', 'read the audit policy', { path }, { cause })
  }
}

function attempt<Value>(step: string, path: string, action: () => Value): Value {
  try {
    return action()
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', step, { path }, { cause })
  }
}
