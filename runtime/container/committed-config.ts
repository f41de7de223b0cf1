import type { HealthOptions } from './options.ts'
import type { ContainerRecord } from './record.ts'

const nanosecondsPerMillisecond = 1e6

/**
 * The `config` of an image made of a container: what the image says, and over it what the container
 * was given. Fields that nobody here knows stay.
 *
 * @param base of the image that it began with
 * @param includeVolumes destinations of its volumes become the image's
 * @see https://github.com/opencontainers/image-spec/blob/main/config.md
 */
export function committedConfig(
  base: Readonly<Record<string, unknown>>,
  { resolved, options, mounts }: ContainerRecord,
  includeVolumes: boolean,
): Record<string, unknown> {
  const own = includeVolumes ? mounts.filter(({ type }) => type === 'volume') : []
  const volumes = [...resolved.imageVolumes, ...own.map(({ destination }) => destination)]
  const config: Record<string, unknown> = {
    ...base,
    User: resolved.user,
    ExposedPorts: asSet(resolved.exposedPorts),
    Env: resolved.env,
    Entrypoint: resolved.entrypoint.length === 0 ? undefined : resolved.entrypoint,
    Cmd: resolved.command.length === 0 ? undefined : resolved.command,
    Volumes: asSet(volumes),
    WorkingDir: resolved.workdir,
    Labels: Object.keys(resolved.labels).length === 0 ? undefined : resolved.labels,
    StopSignal: options.stopSignal ?? base['StopSignal'],
    Healthcheck: options.health ? healthcheck(options.health) : base['Healthcheck'],
  }
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== ''),
  )
}

function asSet(names: readonly string[]): Record<string, object> | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]))
}

/** In docker's spelling, which OCI knows no other for; times are nanoseconds. */
function healthcheck(health: HealthOptions): Record<string, unknown> {
  if (health.disabled) return { Test: ['NONE'] }
  const time = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : value * nanosecondsPerMillisecond
  return {
    Test: health.test,
    Interval: time(health.intervalMs),
    Timeout: time(health.timeoutMs),
    StartPeriod: time(health.startPeriodMs),
    StartInterval: time(health.startIntervalMs),
    Retries: health.retries,
  }
}
