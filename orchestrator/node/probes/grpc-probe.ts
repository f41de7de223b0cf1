import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { describeNetworkFailure, hostAndPort } from './network-failure.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import { failure, success } from './probe-outcome.ts'

// grpc.health.v1.Health/Check, whose two messages have one field each: no library for that.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md

const path = '/grpc.health.v1.Health/Check'
const statusNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const serving = 1
const unimplemented = '12'
const deadlineExceeded = '4'

/** @param service empty: the server as a whole */
export async function probeGrpc(
  target: { readonly host: string; readonly port: number; readonly service: string },
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { host, port, service } = target
  const address = hostAndPort(host, port)
  const http2 = await import('node:http2')
  const session = http2.connect(`http://${address}`)
  const seconds = `${timeoutMs / 1000}s`
  const unreachable = (why: string): ProbeOutcome =>
    failure(`timeout: failed to connect service "${address}" within ${seconds}: ${why}`)
  let isConnected = false
  session.once('connect', () => (isConnected = true))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ProbeOutcome>((resolve) => {
    timer = setTimeout(
      () =>
        resolve(
          isConnected
            ? failure(`timeout: health rpc did not complete within ${seconds}`)
            : unreachable('context deadline exceeded'),
        ),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([check(session, service, timeoutMs), late])
  } catch (error) {
    const why = describeNetworkFailure(error, host, port)
    if (isConnected) return failure(`error: health rpc probe failed: ${why}`)
    return unreachable(`connection error: desc = "transport: Error while dialing: ${why}"`)
  } finally {
    clearTimeout(timer)
    session.destroy()
  }
}

interface Answer {
  readonly grpcStatus: string
  readonly grpcMessage: string
  readonly body: Buffer
}

async function check(
  session: ClientHttp2Session,
  service: string,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { grpcStatus, grpcMessage, body } = await call(session, service, timeoutMs)
  if (grpcStatus === unimplemented)
    return failure(
      `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${grpcMessage}`,
    )
  if (grpcStatus === deadlineExceeded)
    return failure(`timeout: health rpc did not complete within ${timeoutMs / 1000}s`)
  if (grpcStatus !== '0')
    return failure(
      `error: health rpc probe failed: rpc error: code = ${grpcStatus} desc = ${grpcMessage}`,
    )
  const status = decodeHealthStatus(body)
  if (status === serving) return success
  return failure(`service unhealthy (responded with "${statusNames[status] ?? status}")`)
}

function call(session: ClientHttp2Session, service: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${timeoutMs}m`,
      'user-agent': 'kube-probe/1.33',
    })
    const chunks: Buffer[] = []
    let headers: IncomingHttpHeaders = {}
    // A failure without a message comes as headers alone.
    stream.on('response', (received) => (headers = { ...headers, ...received }))
    stream.on('trailers', (received) => (headers = { ...headers, ...received }))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('end', () =>
      resolve({
        grpcStatus: String(headers['grpc-status'] ?? `HTTP ${String(headers[':status'])}`),
        grpcMessage: decodeURIComponent(String(headers['grpc-message'] ?? '')),
        body: Buffer.concat(chunks),
      }),
    )
    stream.end(encodeHealthRequest(service))
  })
}

/** A gRPC frame with `HealthCheckRequest { string service = 1 }`. */
export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message =
    name.length === 0
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

/** From a gRPC frame with `HealthCheckResponse { ServingStatus status = 1 }`; 0 where the field is absent. */
export function decodeHealthStatus(frame: Buffer): number {
  const message = frame.subarray(5)
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = readVarint(message, at)
    const [value, afterValue] = readVarint(message, afterTag)
    const [field, wireType] = [tag >>> 3, tag & 7]
    if (field === 1 && wireType === 0) return value
    // Fields that we do not know: lengths are skipped, anything else ends the reading.
    if (wireType === 2) at = afterValue + value
    else if (wireType === 0) at = afterValue
    else return 0
  }
  return 0
}

function readVarint(bytes: Buffer, start: number): readonly [number, number] {
  let value = 0
  let at = start
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return [value, at]
}
