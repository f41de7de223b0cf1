import type { DeviceOption, DeviceRate } from '../options.ts'
import { cleanPath } from './clean-path.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'
import { parseSize } from './size.ts'

/**
 * Read `HOST[:CONTAINER][:PERMISSIONS]`, permissions being letters of `rwm`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseDevice(text: string): DeviceOption {
  const hint = 'Write /dev/HOST[:/dev/CONTAINER][:rwm] with absolute paths'
  const fields = text.split(':')
  const permissions = fields.length > 1 && isPermissions(fields.at(-1)) ? fields.pop() : 'rwm'
  const [host = '', container = host, ...rest] = fields
  if (rest.length > 0 || !host.startsWith('/') || !container.startsWith('/') || /\0/.test(text))
    throw invalidValue('device', text, hint)
  return {
    hostPath: cleanPath(host),
    containerPath: cleanPath(container),
    permissions: ['r', 'w', 'm'].filter((letter) => permissions?.includes(letter)).join(''),
  }
}

function isPermissions(text: string | undefined): boolean {
  return text !== undefined && /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length
}

/** Read `PATH:SIZE`, bytes a second. */
export function parseDeviceBytes(text: string): DeviceRate {
  return deviceRate(text, parseSize)
}

/** Read `PATH:NUMBER`, operations a second. */
export function parseDeviceOperations(text: string): DeviceRate {
  return deviceRate(text, (rate) => parseInteger('rate', rate, 0, Number.MAX_SAFE_INTEGER))
}

/** Read `PATH:WEIGHT`, 10 to 1000. */
export function parseDeviceWeight(text: string): DeviceRate {
  return deviceRate(text, (rate) => parseInteger('weight', rate, 10, 1000))
}

function deviceRate(text: string, parseRate: (rate: string) => number): DeviceRate {
  const colon = text.lastIndexOf(':')
  const path = text.slice(0, Math.max(colon, 0))
  if (!path.startsWith('/dev/') || path.includes('\0'))
    throw invalidValue('device rate', text, 'Write /dev/NAME:RATE')
  return { path: cleanPath(path), rate: parseRate(text.slice(colon + 1)) }
}

/**
 * Check a `--device-cgroup-rule`: `TYPE MAJOR:MINOR ACCESS`, `c 1:3 mr` or `a *:* rwm`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseDeviceRule(text: string): string {
  if (/^[acb] (?:\d{1,7}|\*):(?:\d{1,7}|\*) [rwm]{1,3}$/.test(text)) return text
  throw invalidValue('device rule', text, "Write 'c MAJOR:MINOR rwm', with * for any number")
}
