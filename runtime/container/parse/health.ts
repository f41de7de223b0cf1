import { OperationError } from '../../../native/error.ts'
import type { HealthOptions } from '../options.ts'
import { parseInterval } from './duration.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'

export interface HealthFlags {
  readonly noHealthcheck: boolean
  readonly command?: string | undefined
  readonly interval?: string | undefined
  readonly timeout?: string | undefined
  readonly retries?: number | undefined
  readonly startPeriod?: string | undefined
  readonly startInterval?: string | undefined
  readonly onFailure?: string | undefined
}

/**
 * Put the `--health-*` flags together.
 * @returns undefined when none is given: the image decides
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseHealth(flags: HealthFlags): HealthOptions | undefined {
  const { noHealthcheck, ...rest } = flags
  const isAnySet = Object.values(rest).some((value) => value !== undefined)
  if (noHealthcheck && isAnySet)
    throw new OperationError('INVALID_ARGUMENT', 'combine --no-healthcheck with --health-* flags')
  if (noHealthcheck || flags.command === 'none') return { disabled: true }
  if (!isAnySet) return undefined
  const { command, interval, timeout, retries, startPeriod, startInterval, onFailure } = flags
  return {
    disabled: false,
    ...(command === undefined ? {} : { test: healthTest(command) }),
    ...(interval === undefined ? {} : { intervalMs: parseInterval(interval) }),
    ...(timeout === undefined ? {} : { timeoutMs: parseInterval(timeout) }),
    ...(retries === undefined
      ? {}
      : { retries: parseInteger('health retries', String(retries), 0, 2 ** 31 - 1) }),
    ...(startPeriod === undefined ? {} : { startPeriodMs: parseInterval(startPeriod) }),
    ...(startInterval === undefined ? {} : { startIntervalMs: parseInterval(startInterval) }),
    ...(onFailure === undefined ? {} : { onFailure: parseOnFailure(onFailure) }),
  }
}

/** A JSON array is executed as it is (podman); anything else goes to the shell. */
function healthTest(command: string): readonly string[] {
  if (!command.startsWith('[')) return ['CMD-SHELL', command]
  try {
    const list: unknown = JSON.parse(command)
    if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string')) {
      const words: string[] = list
      return words[0] === 'CMD' || words[0] === 'CMD-SHELL' ? words : ['CMD', ...words]
    }
  } catch {
    // `[ -f /ready ]` is a fine shell command.
  }
  return ['CMD-SHELL', command]
}

function parseOnFailure(text: string): NonNullable<HealthOptions['onFailure']> {
  if (text === 'none' || text === 'kill' || text === 'restart' || text === 'stop') return text
  throw invalidValue('health action', text, 'The actions are none, kill, restart and stop')
}
