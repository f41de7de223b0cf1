import { appendFileSync } from 'node:fs'
import { describeError } from '../../native/error.ts'
import type { ImageStore } from '../store/image-store.ts'
import { collectGarbage } from './collect-garbage.ts'
import { type Schedule, runRegularly } from './garbage-schedule.ts'
import { formatListenAddress, parseListenAddress } from './listen-address.ts'
import { type Metrics, createMetrics } from './metrics.ts'
import { openAccess } from './open-access.ts'
import type { Registry } from './registry.ts'
import { type RunningServer, openRegistry, startRegistryServer } from './registry-server.ts'
import { type ServeFlags, readDuration, readSettings } from './serve-flags.ts'
import { healthEndpoint, metricsEndpoint } from './side-endpoints.ts'

/** Serve the registry until SIGTERM or SIGINT. @throws {OperationError} where it cannot begin */
export async function serve(store: ImageStore, flags: ServeFlags): Promise<void> {
  const address = parseListenAddress(flags.addr)
  const graceMs = readDuration('--shutdown-grace', flags.shutdownGrace)
  const registry = openRegistry(store, readSettings(flags))
  const metrics = flags.metrics ? await createMetrics(registry) : undefined
  const server = await startRegistryServer({
    registry,
    address,
    authenticator: openAccess(),
    tls: undefined,
    metrics,
    extra: [
      healthEndpoint(() => void registry.database.get('SELECT 1')),
      ...(metrics ? [metricsEndpoint(metrics)] : []),
    ],
    onAccess: accessLog(flags.accessLog),
    onDefect: reportDefect,
  })
  const garbage = scheduleGarbage(registry, flags, metrics)
  process.stderr.write(`serving http://${formatListenAddress(address, server.port)}\n`)
  await untilEnd([server], graceMs)
  await garbage?.stop()
}

function reportDefect(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : describeError(error)
  process.stderr.write(`myimage: serve: ${text}\n`)
}

function accessLog(target: string): ((line: string) => void) | undefined {
  if (target === 'off') return undefined
  if (target === '-') return (line) => void process.stdout.write(`${line}\n`)
  appendFileSync(target, '')
  return (line) => appendFileSync(target, `${line}\n`)
}

function scheduleGarbage(
  registry: Registry,
  flags: ServeFlags,
  metrics: Metrics | undefined,
): Schedule | undefined {
  const intervalMs = readDuration('--gc-interval', flags.gcInterval)
  if (intervalMs === 0 || registry.settings.readOnly) return undefined
  const turn = async (): Promise<void> => {
    const { freedBytes } = await collectGarbage(registry, Date.now())
    metrics?.countCollection(freedBytes)
  }
  return runRegularly(intervalMs, turn, reportDefect)
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
