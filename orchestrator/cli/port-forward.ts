import type { Command } from 'commander'
import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import type { ForwardedPort } from './resources/forward-port.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly address: string
}

const examples = `
Examples:
  myorch port-forward pod/web-1 8080:80
  myorch port-forward service/web :80
  myorch port-forward deployment/web 5000 6000 --address=0.0.0.0`

/** `myorch port-forward TYPE/NAME [LOCAL:]REMOTE…`. */
export function addPortForward(program: Command): void {
  const command = program
    .command('port-forward')
    .description('Reach ports of a pod at this machine, until Ctrl-C')
    .argument('[word...]', 'POD or TYPE/NAME, then [LOCAL:]REMOTE…')
    .option('--address <addresses>', 'where to listen here', 'localhost')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, [target = '', ...specs], flags) => {
    if (target === '' || specs.length === 0)
      throw new CommandFailure(
        `TYPE/NAME and list of ports are required for port-forward\nSee 'myorch port-forward -h' for help and examples`,
      )
    const { findPods } = await import('./resources/find-pods.ts')
    const { forwardPorts } = await import('./resources/forward-port.ts')
    const { untilInterrupted } = await import('./resources/session.ts')
    const [pod] = await findPods(session, target, { doing: 'attach to' })
    if (!pod) return
    const service = await readService(session, target)
    const ports = specs.map((spec) => readPorts(spec, pod, service))
    const phase = textAt(pod, ['status', 'phase'])
    if (phase !== 'Running')
      throw new CommandFailure(
        `unable to forward port because pod is not running. Current status=${phase ?? ''}`,
      )
    const { signal, done } = untilInterrupted()
    try {
      await forwardPorts(session, pod, { ports, addresses: flags.address.split(','), signal })
    } finally {
      done()
    }
  })
}

async function readService(session: Session, target: string): Promise<KubeObject | undefined> {
  const { parseTargets, readObjects } = await import('./resources/targets.ts')
  if (!target.includes('/')) return undefined
  const [found] = await parseTargets(session, [target], 'find')
  if (found?.resource.kind !== 'Service') return undefined
  const [service] = await readObjects(session, found)
  return service
}

/** `8080:80`, `80`, `:80`, `8080:http`. */
function readPorts(spec: string, pod: KubeObject, service: KubeObject | undefined): ForwardedPort {
  const parts = spec.split(':')
  if (parts.length > 2) throw new CommandFailure(`invalid port format '${spec}'`)
  const remote = parts.at(-1) ?? ''
  const given = remotePort(remote, service ?? pod)
  const port = service ? targetOf(service, pod, given) : given
  const local = parts.length === 1 ? String(given) : (parts[0] ?? '')
  const number = local === '' ? 0 : Number(local)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new CommandFailure(
      `error parsing local port '${local}': strconv.ParseUint: parsing "${local}": invalid syntax`,
    )
  return { local: number, remote: port }
}

function remotePort(text: string, object: KubeObject): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    if (number >= 1 && number <= 65_535) return number
    throw new CommandFailure(
      number === 0
        ? 'remote port must be > 0'
        : `error parsing remote port '${text}': value out of range`,
    )
  }
  const isService = object.kind === 'Service'
  const found = (isService ? listAt(object, ['spec', 'ports']) : containerPorts(object)).find(
    ({ name }) => name === text,
  )
  const port = numberAt(found, [isService ? 'port' : 'containerPort'])
  if (port !== undefined) return port
  throw new CommandFailure(
    `${isService ? 'Service' : 'Pod'} '${object.metadata.name ?? ''}' does not have a named port '${text}'`,
  )
}

function containerPorts(pod: KubeObject) {
  return listAt(pod, ['spec', 'containers']).flatMap((each) => listAt(each, ['ports']))
}

/** Where the pods behind a port of a service listen. */
function targetOf(service: KubeObject, pod: KubeObject, port: number): number {
  const found = listAt(service, ['spec', 'ports']).find((each) => each['port'] === port)
  if (!found)
    throw new CommandFailure(
      `Service ${service.metadata.name ?? ''} does not have a service port ${port}`,
    )
  if (valueAt(service, ['spec', 'clusterIP']) === 'None') return port
  const target = found['targetPort']
  if (typeof target === 'number') return target || port
  return typeof target === 'string' ? remotePort(target, pod) : port
}
