import { describeError } from '../../../native/error.ts'
import type { JsonObject } from '../../api/object.ts'
import { listAt, numberAt, plainText, textAt, valueAt } from '../../api/object.ts'
import { probeGrpc } from './grpc-probe.ts'
import { probeHttp } from './http-probe.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import { failure, mostKept, success } from './probe-outcome.ts'
import { probeTcp } from './tcp-probe.ts'

/** What is probed, and how to get at it. */
export interface ProbeTarget {
  /** The container's spec, for the names of its ports. */
  readonly container: JsonObject
  readonly podIP: string
  /**
   * Run a program in the container.
   *
   * @param timeoutMs after which it is killed
   * @returns undefined where it was
   * @throws {OperationError} where it cannot be run
   */
  exec(
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ readonly exitCode: number; readonly output: string } | undefined>
}

/** One attempt at a probe or at a life cycle handler's `httpGet`; never throws. */
export async function runProbe(
  target: ProbeTarget,
  probe: JsonObject,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  try {
    if (probe['exec'] !== undefined) return await probeExec(target, probe, timeoutMs)
    if (probe['httpGet'] !== undefined) return await probeGet(target, probe['httpGet'], timeoutMs)
    if (probe['tcpSocket'] !== undefined) {
      const port = portNumber(target.container, valueAt(probe, ['tcpSocket', 'port']))
      const host = textAt(probe, ['tcpSocket', 'host']) || target.podIP
      return await probeTcp(host, port, timeoutMs)
    }
    if (probe['grpc'] !== undefined) {
      const port = numberAt(probe, ['grpc', 'port']) ?? 0
      const service = textAt(probe, ['grpc', 'service']) ?? ''
      return await probeGrpc({ host: target.podIP, port, service }, timeoutMs)
    }
    return { result: 'error', message: 'missing probe handler' }
  } catch (error) {
    return { result: 'error', message: describeError(error) }
  }
}

async function probeExec(
  target: ProbeTarget,
  probe: JsonObject,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const command = (valueAt(probe, ['exec', 'command']) ?? []) as string[]
  const ended = await target.exec(command, timeoutMs)
  if (!ended)
    return failure(`command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`)
  return ended.exitCode === 0 ? success : failure(ended.output.slice(0, mostKept))
}

function probeGet(target: ProbeTarget, get: unknown, timeoutMs: number): Promise<ProbeOutcome> {
  return probeHttp(
    {
      scheme: textAt(get, ['scheme'])?.toLowerCase() === 'https' ? 'https' : 'http',
      host: textAt(get, ['host']) || target.podIP,
      port: portNumber(target.container, valueAt(get, ['port'])),
      path: textAt(get, ['path']) ?? '/',
      headers: listAt(get, ['httpHeaders']).map((header) => ({
        name: plainText(header['name']),
        value: plainText(header['value']),
      })),
    },
    timeoutMs,
  )
}

/** A number, digits, or the name of a port of the container. @throws {Error} for what is none of them */
function portNumber(container: JsonObject, port: unknown): number {
  const named = listAt(container, ['ports']).find(({ name }) => name === port)
  const number = Number(named ? named['containerPort'] : port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw new Error(`invalid port number: ${plainText(port)}`)
}
