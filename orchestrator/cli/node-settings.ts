import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { readDuration } from './read-duration.ts'

// How a node keeps itself from running full, and what it tells. Flags are named as the kubelet's.

export interface SettingFlags {
  readonly evictionHard?: string | undefined
  readonly evictionSoft?: string | undefined
  readonly evictionSoftGracePeriod?: string | undefined
  readonly evictionMaxPodGracePeriod: string
  readonly evictionPressureTransitionPeriod: string
  readonly imageGcHighThreshold?: string | undefined
  readonly imageGcLowThreshold?: string | undefined
  readonly minimumImageTtlDuration: string
  readonly maxPods: string
  readonly loggingFormat: string
  readonly v: string
}

export function addSettingFlags(command: Command): Command {
  return command
    .option('--eviction-hard <signal<quantity,…>', 'end pods when less than that is left')
    .option('--eviction-soft <signal<quantity,…>', 'the same, when it stays so for a while')
    .option('--eviction-soft-grace-period <signal=time,…>', 'for how long, of each of these')
    .option('--eviction-max-pod-grace-period <seconds>', 'pods have to end then; -1: as asked', '0')
    .option('--eviction-pressure-transition-period <time>', 'how long a pressure stays', '5m')
    .option('--image-gc-high-threshold <percent>', 'of the disk: remove unused images (85)')
    .option('--image-gc-low-threshold <percent>', 'of the disk: until it is that full (80)')
    .option('--minimum-image-ttl-duration <time>', 'that an image stays at least', '2m')
    .option('--max-pods <count>', 'how many pods the node takes', '110')
    .option('--logging-format <format>', 'text or json', 'text')
    .option('-v, --v <level>', 'what to tell: 1 events, 2 every step', '0')
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readSettingFlags(flags: SettingFlags) {
  const { evictionHard, evictionSoft, evictionSoftGracePeriod, loggingFormat: format } = flags
  if (format !== 'text' && format !== 'json')
    throw new OperationError('INVALID_ARGUMENT', 'read --logging-format', { format })
  const transition = flags.evictionPressureTransitionPeriod
  const minimum = flags.minimumImageTtlDuration
  return {
    evictionHard,
    evictionSoft,
    evictionSoftGracePeriod,
    evictionMaxPodGraceSeconds: readGrace(flags.evictionMaxPodGracePeriod),
    pressureTransitionSeconds:
      readDuration('--eviction-pressure-transition-period', transition) / 1000,
    imageGcHighPercent: readNumber('--image-gc-high-threshold', flags.imageGcHighThreshold),
    imageGcLowPercent: readNumber('--image-gc-low-threshold', flags.imageGcLowThreshold),
    imageMinAgeSeconds: readDuration('--minimum-image-ttl-duration', minimum) / 1000,
    maxPods: readNumber('--max-pods', flags.maxPods),
    logging: { format, verbosity: readNumber('-v', flags.v) ?? 0 },
  } as const
}

function readGrace(text: string): number {
  if (/^-?\d{1,6}$/.test(text)) return Number(text)
  throw new OperationError('INVALID_ARGUMENT', 'read --eviction-max-pod-grace-period', {
    value: text,
  })
}

function readNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new OperationError('INVALID_ARGUMENT', `read ${flag}`, { value: text })
}
