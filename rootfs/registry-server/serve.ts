import { appendFileSync } from 'node:fs'
import { describeError } from '../../native/error.ts'
import type { ImageStore } from '../store/image-store.ts'
import { chooseAccess } from './choose-access.ts'
import { collectGarbage } from './collect-garbage.ts'
import { type Schedule, runRegularly } from './garbage-schedule.ts'
import { formatListenAddress, parseListenAddress } from './listen-address.ts'
import { type Metrics, createMetrics } from './metrics.ts'
import { openAccess } from './open-access.ts'
import type { Registry } from './registry.ts'
import {
  type RunningServer,
  type ServerOptions,
  openRegistry,
  startRegistryServer,
} from './registry-server.ts'
import { type ServeFlags, readDuration, readSettings } from './serve-flags.ts'
import { healthEndpoint, metricsEndpoint, nothingElse } from './side-endpoints.ts'
import { readTlsIdentity } from './tls-identity.ts'

const threadCount = 16

/** Serve the registry until SIGTERM or SIGINT. @throws {OperationError} where it cannot begin */
export async function serve(store: ImageStore, flags: ServeFlags): Promise<void> {
  // Read when the first file operation is handed over. Uploads that wait for the disk occupy a thread
  // each, and four, the default, would hold up everybody who pulls.
  process.env['UV_THREADPOOL_SIZE'] ??= String(threadCount)
  const address = parseListenAddress(flags.addr)
  const graceMs = readDuration('--shutdown-grace', flags.shutdownGrace)
  const intervalMs = readDuration('--gc-interval', flags.gcInterval)
  const settings = readSettings(flags)
  const tls = readTlsIdentity(flags.tlsCert, flags.tlsKey)
  const access = await chooseAccess(flags, reportDefect)
  const registry = openRegistry(store, settings)
  const metrics = flags.metrics ? await createMetrics(registry) : undefined
  const health = healthEndpoint(() => void registry.database.get('SELECT 1'))
  const hasOwnMetrics = flags.metricsAddr === undefined
  // Whoever read the log may go; the registry stays.
  process.stdout.on('error', () => undefined)
  const options: ServerOptions = {
    registry,
    address,
    tls,
    metrics,
    authenticator: access.authenticator,
    extra: [
      health,
      ...access.endpoints,
      ...(metrics && hasOwnMetrics ? [metricsEndpoint(metrics, access.authenticator)] : []),
    ],
    onAccess: accessLog(flags.accessLog),
    onDefect: reportDefect,
  }
  const server = await startRegistryServer(options)
  const servers = [server]
  if (metrics && flags.metricsAddr !== undefined)
    servers.push(await startMetricsServer(options, metrics, flags.metricsAddr))
  const garbage = scheduleGarbage(registry, intervalMs, metrics)
  reloadOnHangup(server, flags)
  const scheme = tls ? 'https' : 'http'
  process.stderr.write(`serving ${scheme}://${formatListenAddress(address, server.port)}\n`)
  await untilEnd(servers, graceMs)
  await garbage?.stop()
}

function startMetricsServer(
  options: ServerOptions,
  metrics: Metrics,
  address: string,
): Promise<RunningServer> {
  const health = healthEndpoint(() => undefined)
  return startRegistryServer({
    ...options,
    address: parseListenAddress(address),
    tls: undefined,
    metrics: undefined,
    onAccess: undefined,
    extra: [health, metricsEndpoint(metrics, openAccess()), nothingElse],
  })
}

function reportDefect(error: unknown): void {
  process.stderr.write(`myimage: serve: ${describeError(error)}\n`)
}

function accessLog(target: string): ((line: string) => void) | undefined {
  if (target === 'off') return undefined
  if (target === '-') return standardOutput
  appendFileSync(target, '')
  // Opened anew each time, so that it can be moved away and begun again.
  return (line) => appendFileSync(target, `${line}\n`)
}

/** Lines may wait for a reader of the log that does not come; more are lost then. */
const maxWaiting = 4 * 1024 * 1024

function standardOutput(line: string): void {
  if (process.stdout.writableLength < maxWaiting) process.stdout.write(`${line}\n`)
}

function scheduleGarbage(
  registry: Registry,
  intervalMs: number,
  metrics: Metrics | undefined,
): Schedule | undefined {
  if (intervalMs === 0 || registry.settings.readOnly) return undefined
  const turn = async (): Promise<void> => {
    const { freedBytes } = await collectGarbage(registry, Date.now())
    metrics?.countCollection(freedBytes)
  }
  return runRegularly(intervalMs, turn, reportDefect)
}

/**
 * A renewed certificate is taken over by new connections; a bad one is reported, and the old one stays.
 * Without TLS the signal means nothing; users and rules are read when they change.
 */
function reloadOnHangup(server: RunningServer, { tlsCert, tlsKey }: ServeFlags): void {
  process.on('SIGHUP', () => {
    try {
      const identity = readTlsIdentity(tlsCert, tlsKey)
      if (identity) server.replaceIdentity(identity)
    } catch (error) {
      reportDefect(error)
    }
  })
}

/** Resolves when a signal came and what was under way has ended. A second signal ends at once. */
function untilEnd(servers: readonly RunningServer[], graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const end = (): void => {
      const grace = asked ? 0 : graceMs
      asked = true
      void Promise.all(servers.map((server) => server.close(grace))).then(() => resolve())
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}
