import { askOutside } from '../../native/outside-socket.ts'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import {
  bindRequests,
  encodePorts,
  outsidePatienceSeconds,
  outsideSocketName,
} from '../network/forwarded-port.ts'
import type { ForwardedPorts } from '../network/netlink-exchange.ts'
import type { PortBinding } from '../network/published-port.ts'
import type { EngineContext } from './engine-context.ts'
import { ownsNetworkNamespace } from './namespace-members.ts'

// Published ports of an ordinary user: this process is not in the network whose ports they are.

/**
 * What tells whether a port of the host can be had, where this process cannot try itself.
 *
 * @throws {OperationError} (what it gives) `UNSUPPORTED` where nobody can be asked, and for SCTP
 */
export function portProbe({
  env,
  folders,
}: EngineContext): ((binding: PortBinding) => number) | undefined {
  if (!ownsNetworkNamespace(env)) return undefined
  return (binding) => {
    if (binding.protocol === 'sctp') refuseSctp(binding)
    const message = encodePorts('probe', [binding])
    const result = askOutside({
      folder: folders.runDir,
      name: outsideSocketName,
      message,
      patienceSeconds: outsidePatienceSeconds,
    })
    if (result < 0 && isSilence(errnoName(result))) refuseSilence(errnoName(result))
    return result
  }
}

/** For the start program. */
export function forwardedPorts(
  { env, folders }: EngineContext,
  ports: readonly PortBinding[],
): ForwardedPorts | undefined {
  if (!ownsNetworkNamespace(env) || ports.length === 0) return undefined
  return { runDir: folders.runDir, requests: bindRequests(ports) }
}

/** Errors of asking, which bind(2) does not know. */
function isSilence(errno: string): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'EAGAIN', 'EPIPE', 'ECONNRESET'].includes(errno)
}

function refuseSilence(errno: string): never {
  throw new OperationError(
    'UNSUPPORTED',
    'publish a port as an ordinary user',
    { errno, problem: 'this user’s process in the host’s network does not answer' },
    { hint: 'It was killed: start the container again, by a command of its own' },
  )
}

function refuseSctp({ hostPort }: PortBinding): never {
  throw new OperationError(
    'UNSUPPORTED',
    'publish a port as an ordinary user',
    { port: hostPort, protocol: 'sctp' },
    { hint: 'TCP and UDP can be; for SCTP take --network host, or run it as root' },
  )
}
