import { OperationError } from '../../../native/error.ts'
import { configHash } from '../plan/config-hash.ts'
import { optionsOf, wordsFor } from './make-container.ts'
import type { Session } from './session.ts'

/**
 * Read everything that services say as their containers will have it, so that a port or duration that is none is told
 * before anything is made.
 *
 * @throws {OperationError} the first fault, with its service
 */
export async function checkServices(session: Session, names: readonly string[]): Promise<void> {
  for (const service of names) {
    // Contents of secrets and configs are written where they are wanted.
    const changes = { secrets: [], configs: [] }
    try {
      const hash = configHash(session.project, service)
      const wanted = { service, number: 1, hash, keptVolumes: new Map<string, string>(), changes }
      optionsOf(await wordsFor(session, wanted), session)
    } catch (cause) {
      if (!(cause instanceof OperationError)) throw cause
      throw new OperationError(cause.code, `service "${service}"`, {}, { cause, exitCode: 1 })
    }
  }
}
