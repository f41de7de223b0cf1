import { OperationError, hasCode } from '../../../native/error.ts'
import type { NetworkSummary } from '../../cli/engine.ts'
import type { ProjectNetwork } from '../model/project.ts'
import { label, projectLabels } from '../plan/labels.ts'
import type { Session } from './session.ts'

/** Make the networks that are not there; those of others must be. @throws {OperationError} `NOT_FOUND`, `CONFLICT` */
export async function ensureNetworks(session: Session, keys: Iterable<string>): Promise<void> {
  const { engine, project } = session
  const there = new Map((await engine.networkList()).map((one) => [one.name, one]))
  for (const key of new Set(keys)) {
    const network = project.networks[key]
    if (!network) continue
    const found = there.get(network.name)
    if (found) requireOurs(session, found, network)
    else await createNetwork(session, key, network)
  }
}

function requireOurs(session: Session, found: NetworkSummary, wanted: ProjectNetwork): void {
  if (wanted.external) return
  const owner = found.labels[label.project]
  if (owner !== session.project.name)
    session.warn(
      `a network with name ${wanted.name} exists but was not created for project ${JSON.stringify(session.project.name)}: set external: true to use an existing network`,
    )
  const differs =
    wanted.subnets.some((subnet) => !found.subnets.some((one) => one.subnet === subnet)) ||
    wanted.internal !== found.internal
  if (!differs) return
  throw new OperationError(
    'CONFLICT',
    `network ${wanted.name} is there with another configuration`,
    {},
    { exitCode: 1, hint: 'Take the project down first: "mycontainer compose down"' },
  )
}

async function createNetwork(
  { engine, project, say, isDryRun }: Session,
  key: string,
  wanted: ProjectNetwork,
): Promise<void> {
  if (wanted.external)
    throw new OperationError(
      'NOT_FOUND',
      `network ${wanted.name} declared as external, but could not be found`,
      {},
      { exitCode: 1, hint: `Make it: "mycontainer network create ${wanted.name}"` },
    )
  say(`Network ${wanted.name}`, 'Creating')
  if (!isDryRun)
    try {
      await engine.networkCreate({
        name: wanted.name,
        driver:
          wanted.driver === undefined || wanted.driver === 'default' ? 'bridge' : wanted.driver,
        subnets: wanted.subnets,
        gateways: wanted.gateways,
        ipRanges: wanted.ipRanges,
        reserved: wanted.reserved,
        internal: wanted.internal,
        // Only the file takes IPv4 away.
        ...(wanted.ipv4 ? {} : { ipv4: false }),
        ipv6: wanted.ipv6 || wanted.subnets.some((subnet) => subnet.includes(':')),
        disableDns: false,
        labels: { ...wanted.labels, ...projectLabels(project), [label.network]: key },
        options: wanted.driverOptions,
      })
    } catch (error) {
      // Another command of the same project made it meanwhile.
      if (!hasCode(error, 'ALREADY_EXISTS')) throw error
    }
  say(`Network ${wanted.name}`, 'Created')
}

/** Those that were made for the project; one that others are in stays, and is told. */
export async function removeNetworks(session: Session): Promise<void> {
  const { engine, project, say, warn, isDryRun } = session
  const ours = (await engine.networkList()).filter(
    ({ labels }) => labels[label.project] === project.name,
  )
  for (const { name, containers } of ours) {
    if (containers.length > 0 && !isDryRun) {
      warn(`Network ${name} is still in use by ${containers.map((one) => one.name).join(', ')}`)
      continue
    }
    say(`Network ${name}`, 'Removing')
    if (!isDryRun) await engine.networkRemove(name, { force: false })
    say(`Network ${name}`, 'Removed')
  }
}
