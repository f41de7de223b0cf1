import { OperationError } from '../../../native/error.ts'
import { requireServices } from '../act/bring-up.ts'
import { isLive, projectContainers } from '../act/project-containers.ts'
import type { ProjectContainer } from '../act/project-containers.ts'
import type { Session } from '../act/session.ts'

/** Those of the services that were named, or of all. @throws {OperationError} `NOT_FOUND`: no such service */
export async function chosenContainers(
  session: Session,
  services: readonly string[],
): Promise<ProjectContainer[]> {
  requireServices(session, services)
  const all = await projectContainers(session.engine, session.project.name)
  return all.filter(
    ({ service, isOneOff }) => !isOneOff && (services.length === 0 || services.includes(service)),
  )
}

/**
 * The container of a service that a command goes to.
 *
 * @param mayHaveEnded one that does not run will do
 * @throws {OperationError} `NOT_FOUND`, `BAD_STATE`
 */
export async function oneContainer(
  session: Session,
  service: string,
  index: number | undefined,
  mayHaveEnded = false,
): Promise<ProjectContainer> {
  const all = await chosenContainers(session, [service])
  const fit = mayHaveEnded ? all : all.filter(isLive)
  const found = fit.find(({ number }) => index === undefined || number === index)
  if (found) return found
  throw new OperationError(
    'BAD_STATE',
    `service ${JSON.stringify(service)} is not running${index === undefined ? '' : ` container #${index}`}`,
    {},
    { exitCode: 1, hint: `Start it: "mycontainer compose up -d ${service}"` },
  )
}
