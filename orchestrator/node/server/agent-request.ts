import type { TLSSocket } from 'node:tls'
import { listAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { StatusError, badRequest } from '../../api/status-error.ts'
import type { ServedContainer, ServedPods } from './served-pods.ts'

const masters = 'system:masters'

/**
 * Who may call an agent: the cluster's own server, by a certificate of the cluster's authority. A node's certificate
 * is signed by the same authority and is not enough.
 *
 * @throws StatusError 401, 403
 */
export function requireCaller(socket: TLSSocket): void {
  if (!socket.authorized) throw new StatusError(401, 'Unauthorized', 'Unauthorized')
  const { subject } = socket.getPeerCertificate()
  // Node gives a list where the name occurs more than once.
  const groups: readonly string[] = [subject.O ?? []].flat()
  if (groups.includes(masters)) return
  const user = [subject.CN ?? ''].flat().join(',')
  throw new StatusError(403, 'Forbidden', `Forbidden (user=${user}, verb=proxy, resource=nodes)`)
}

/** The path of a request in parts, and its query. @throws StatusError 400 for what is no path */
export function readTarget(target = '/'): { parts: string[]; searchParams: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(`https://node${target}`)
    return { parts: pathname.split('/').map(decodeURIComponent), searchParams }
  } catch {
    throw badRequest('the path cannot be read')
  }
}

/** @throws StatusError 404 */
export function podNamed(pods: ServedPods, namespace: string, name: string): KubeObject {
  const found = pods
    .pods()
    .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
  if (!found) throw new StatusError(404, 'NotFound', 'pod does not exist')
  return found
}

/** One that runs now. @throws StatusError 400, 404 */
export function runningContainer(pods: ServedPods, pod: KubeObject, name: string): ServedContainer {
  const known = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) =>
    listAt(pod, ['spec', field]),
  )
  if (!known.some((container) => container['name'] === name))
    throw new StatusError(
      404,
      'NotFound',
      `container ${name} not found in pod ${pod.metadata.name}`,
    )
  const container = pods.container(pod, name, false)
  if (container?.isRunning() === true) return container
  throw new StatusError(
    500,
    'InternalError',
    `unable to upgrade connection: container not found ("${name}")`,
  )
}

/** The ports of a forward. @throws StatusError 400 */
export function readPorts(query: URLSearchParams): number[] {
  const texts = [...query.getAll('port'), ...query.getAll('ports')].flatMap((text) =>
    text.split(','),
  )
  const ports = texts.map(Number)
  if (ports.length === 0) throw badRequest('query parameter "port" is required')
  const bad = ports.findIndex((port) => !Number.isInteger(port) || port < 1 || port > 65_535)
  if (bad >= 0) throw badRequest(`query parameter "port" is not a port: ${texts[bad] ?? ''}`)
  return ports
}

/** As the kubelet names them, and as the API does. */
export function readStreams(query: URLSearchParams) {
  const has = (...names: readonly string[]): boolean =>
    names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''))
  const streams = {
    stdin: has('input', 'stdin'),
    stdout: has('output', 'stdout'),
    stderr: has('error', 'stderr'),
    tty: has('tty'),
  }
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return streams
}
