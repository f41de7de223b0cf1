import { OperationError } from '../../../native/error.ts'
import type { ImageConfig, ImageHealthcheck } from '../../../rootfs/store/image.ts'
import type { ContainerOptions, HealthOptions } from '../options.ts'
import { runsSystemd } from '../systemd-mode.ts'
import { mergeEnvironment } from '../parse/environment.ts'
import type { ResolvedConfig } from '../record.ts'

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * What options and image give together, by docker's rules: an entry point in the options drops
 * the image's command too; a command in the options replaces the image's.
 * @throws {OperationError} INVALID_ARGUMENT when neither has a command
 */
export function resolveConfig(options: ContainerOptions, image: ImageConfig): ResolvedConfig {
  const isOwnEntrypoint = options.entrypoint !== undefined
  const entrypoint = options.entrypoint ?? image.entrypoint ?? []
  const imageCommand = isOwnEntrypoint ? [] : (image.cmd ?? [])
  const command = options.command.length > 0 ? options.command : imageCommand
  if (entrypoint.length + command.length === 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'choose a command',
      { image: options.image },
      {
        hint: 'The image has no command of its own: write one after the image',
      },
    )
  refuseStorageOptions(options)
  const isSystemd = runsSystemd(options, [...entrypoint, ...command])
  return {
    entrypoint,
    command,
    env: resolveEnvironment(options, image),
    workdir: options.workdir ?? (image.workingDir === '' ? '/' : absolute(image.workingDir)),
    user: options.user ?? image.user,
    stopSignal: options.stopSignal ?? image.stopSignal ?? defaultStopSignal(isSystemd),
    labels: { ...image.labels, ...options.labels },
    exposedPorts: [...new Set([...image.exposedPorts, ...options.network.expose])],
    imageVolumes: image.volumes,
    health: resolveHealth(options.health, image.healthcheck),
  }
}

/** What systemd stops for in good order (systemd(1), SIGNALS): halting the machine that it thinks it runs. */
function defaultStopSignal(isSystemd: boolean): string {
  return isSystemd ? 'SIGRTMIN+3' : 'SIGTERM'
}

/** Better no container than one without the limit that its user counts on. */
function refuseStorageOptions({ storageOptions }: ContainerOptions): void {
  const [key] = Object.keys(storageOptions)
  if (key !== undefined)
    throw new OperationError(
      'UNSUPPORTED',
      'use a storage option',
      { key },
      { hint: 'Layers of overlayfs have none; leave --storage-opt out' },
    )
}

/** Old images have relative working directories; they were always meant from the root. */
function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}

function resolveEnvironment(options: ContainerOptions, image: ImageConfig): string[] {
  const unset = new Set(options.unsetEnv)
  const given = options.unsetAllEnv ? [] : [defaultPath, ...image.env]
  const kept = given.filter((entry) => !unset.has(entry.split('=', 1)[0] ?? ''))
  const merged = (options.envMerge ?? []).map((entry) => expandEntry(entry, kept))
  return mergeEnvironment(mergeEnvironment(kept, merged), options.env)
}

/** `$NAME` and `${NAME}` are the image's; what it does not have is empty, as in podman. */
function expandEntry(entry: string, known: readonly string[]): string {
  const values = new Map(
    known.map((text) => [text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1)]),
  )
  const at = entry.indexOf('=') + 1
  const value = entry
    .slice(at)
    .replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_, long: string, short: string) => values.get(long ?? short) ?? '',
    )
  return `${entry.slice(0, at)}${value}`
}

const nanosecondsPerMillisecond = 1e6

/** Every field that the options leave open comes from the image, then from docker's defaults. */
export function resolveHealth(
  options: HealthOptions | undefined,
  image: ImageHealthcheck | undefined,
): HealthOptions | undefined {
  if (options?.disabled === true) return { disabled: true }
  const test = options?.test ?? image?.test
  if (test === undefined || test.length === 0) return undefined
  if (test[0] === 'NONE') return { disabled: true }
  return {
    disabled: false,
    test,
    // Zero means "not said", as in docker's API.
    intervalMs: options?.intervalMs || (fromImage(image?.interval) ?? 30_000),
    timeoutMs: options?.timeoutMs || (fromImage(image?.timeout) ?? 30_000),
    retries: options?.retries || image?.retries || 3,
    startPeriodMs: options?.startPeriodMs ?? fromImage(image?.startPeriod) ?? 0,
    startIntervalMs: options?.startIntervalMs || (fromImage(image?.startInterval) ?? 5000),
    onFailure: options?.onFailure ?? 'none',
  }
}

function fromImage(value: number | undefined): number | undefined {
  return value === undefined || value === 0 ? undefined : value / nanosecondsPerMillisecond
}
