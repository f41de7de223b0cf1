import { OperationError } from '../../../native/error.ts'
import { nearest } from '../../cli/nearest.ts'
import type { Project } from '../model/project.ts'
import type { Service } from '../model/service.ts'

/**
 * That all that services name is there, that each can be started, and that no two wait for each other.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function requireReferences(project: Project): void {
  for (const [name, service] of Object.entries(project.services))
    requireService(project, name, service)
  requireNoCircle(project)
}

function requireService(project: Project, name: string, service: Service): void {
  const at = `service ${JSON.stringify(name)}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    throw invalid(`${at}: a name has letters, digits, ".", "_" and "-" alone`)
  if (service.image === undefined && service.build === undefined)
    throw invalid(`${at} has neither an image nor a build context specified`)
  if (service.networkMode !== undefined && service.networks !== undefined)
    throw invalid(`${at} declares mutually exclusive network_mode and networks`)
  const copies = service.scale ?? service.deploy?.replicas ?? 1
  if (service.containerName !== undefined && copies > 1)
    throw invalid(`${at} has a container_name and ${copies} replicas: a name is for one container`)
  const { networks = {}, volumes = [], secrets = [], configs = [], build } = service
  requireAll(at, 'network', Object.keys(networks), project.networks)
  requireAll(
    at,
    'volume',
    volumes.filter(({ type }) => type === 'volume').flatMap(({ source }) => source ?? []),
    project.volumes,
  )
  const wanted = [...secrets, ...(build?.secrets ?? [])]
  requireAll(
    at,
    'secret',
    wanted.map(({ source }) => source),
    project.secrets,
  )
  requireAll(
    at,
    'config',
    configs.map(({ source }) => source),
    project.configs,
  )
  for (const [other, { required }] of Object.entries(service.dependsOn ?? {}))
    if (!(other in project.services) && required)
      throw invalid(
        other in project.disabled
          ? `${at} depends on ${other}, which no wanted profile has: give --profile, or required: false`
          : `${at} depends on undefined service ${other}`,
      )
}

function requireAll(
  at: string,
  kind: string,
  names: readonly string[],
  known: Readonly<Record<string, unknown>>,
): void {
  const missing = names.find((name) => !Object.hasOwn(known, name))
  if (missing === undefined) return
  const near = nearest(missing, Object.keys(known))
  const advice = near === undefined ? `define it under ${kind}s` : `did you mean ${near}?`
  throw invalid(`${at} refers to undefined ${kind} ${missing}: ${advice}`)
}

/** What a service must come after: `depends_on`, and whose namespaces and volumes it takes. */
export function dependenciesOf(service: Service): string[] {
  const modes = [service.networkMode, service.ipc, service.pid]
  const joined = modes.flatMap((mode) => /^service:(.+)$/.exec(mode ?? '')?.[1] ?? [])
  const linked = (service.links ?? []).map((link) => link.split(':')[0] ?? '')
  const from = (service.volumesFrom ?? [])
    .filter((one) => !one.startsWith('container:'))
    .map((one) => one.split(':')[0] ?? '')
  return [...new Set([...Object.keys(service.dependsOn ?? {}), ...joined, ...linked, ...from])]
}

function requireNoCircle({ services }: Project): void {
  const done = new Set<string>()
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name))
      throw invalid(
        `services wait for each other: ${[...trail, name].join(' → ')}: leave one depends_on out`,
      )
    const service = services[name]
    if (done.has(name) || !service) return
    for (const other of dependenciesOf(service)) visit(other, [...trail, name])
    done.add(name)
  }
  for (const name of Object.keys(services)) visit(name, [])
}

function invalid(step: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', step, {}, { exitCode: 1 })
}
