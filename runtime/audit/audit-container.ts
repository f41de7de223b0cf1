import { OperationError } from '../../native/error.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { landlockLevelOf } from '../container/landlock-of.ts'
import { inspectContainer } from '../container/list.ts'
import { readOciConfig } from '../container/oci-config-file.ts'
import type { Config } from '../spec/config.ts'
import { readAuditFacts } from './audit-facts.ts'
import type { AuditFacts } from './audit-facts.ts'
import { findRisks } from './audit-risks.ts'
import type { Risk } from './audit-risks.ts'

export interface AuditReport {
  readonly id: string
  readonly name: string
  readonly facts: AuditFacts
  /** The worst first. */
  readonly risks: readonly Risk[]
}

/**
 * What a running container can do, and what is risky about it.
 *
 * @throws {OperationError} `NOT_FOUND`, `BAD_STATE` where it does not run
 */
export async function auditContainer(
  context: EngineContext,
  reference: string,
): Promise<AuditReport> {
  const { record, state } = await inspectContainer(context, reference, false)
  if (state.pid === 0)
    throw new OperationError(
      'BAD_STATE',
      `audit container ${record.name}: it is ${state.status}`,
      {},
      { hint: 'Start it first: what counts is what the kernel lets its processes do' },
    )
  const config = readOciConfig(context, record.id) as Config
  const facts = readAuditFacts(state.pid, config, landlockLevelOf(record.options, config))
  return { id: record.id, name: record.name, facts, risks: findRisks(facts) }
}
