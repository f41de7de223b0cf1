import { landlockLevels } from '../../security/landlock.ts'
import type { LandlockLevel } from '../../security/landlock.ts'
import type { SecurityOptions } from '../options.ts'
import { invalidValue } from './invalid-value.ts'

interface Draft {
  noNewPrivileges: boolean
  seccomp?: string
  apparmor?: string
  landlock?: LandlockLevel
  label: string[]
  mask: string[]
  unmask: string[]
  systemPathsUnconfined: boolean
}

export type SecurityOptResult = Pick<SecurityOptions, keyof Draft>

/**
 * Read the `--security-opt` values. `=` and the older `:` both separate.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseSecurityOpts(values: readonly string[]): SecurityOptResult {
  const draft: Draft = {
    noNewPrivileges: false,
    label: [],
    mask: [],
    unmask: [],
    systemPathsUnconfined: false,
  }
  for (const value of values) readOne(value, draft)
  return draft
}

function readOne(text: string, draft: Draft): void {
  const match = /^([a-z-]+)(?:[=:](.*))?$/s.exec(text)
  const [, key = '', value = ''] = match ?? []
  switch (key) {
    case 'no-new-privileges':
      draft.noNewPrivileges = isTrue(value, text)
      return
    case 'seccomp':
      draft.seccomp = needed(value, text)
      return
    case 'apparmor':
      draft.apparmor = needed(value, text)
      return
    case 'landlock':
      draft.landlock = landlockLevel(value, text)
      return
    case 'label':
      draft.label.push(label(value, text))
      return
    case 'mask':
      draft.mask.push(...paths(value, text))
      return
    case 'unmask':
      draft.unmask.push(...(value.toUpperCase() === 'ALL' ? ['ALL'] : paths(value, text)))
      return
    case 'systempaths':
      if (value !== 'unconfined')
        throw invalidValue('security option', text, 'systempaths takes unconfined alone')
      draft.systemPathsUnconfined = true
      return
    default:
      throw invalidValue(
        'security option',
        text,
        'The options are no-new-privileges, seccomp=, apparmor=, label=, landlock=, mask=, unmask= and systempaths=unconfined',
      )
  }
}

function isTrue(value: string, text: string): boolean {
  if (value === '' || value === 'true') return true
  if (value === 'false') return false
  throw invalidValue('security option', text, 'Write true or false')
}

function landlockLevel(value: string, text: string): LandlockLevel {
  const level = landlockLevels.find((one) => one === value)
  if (level !== undefined) return level
  throw invalidValue('security option', text, `Write one of ${landlockLevels.join(', ')}`)
}

function label(value: string, text: string): string {
  if (value === 'disable' || /^(?:user|role|type|filetype|level):[^\s\0]+$/.test(value))
    return value
  throw invalidValue(
    'security option',
    text,
    'Write disable, or user:, role:, type:, filetype: or level: with a value',
  )
}

function needed(value: string, text: string): string {
  if (value !== '' && !value.includes('\0')) return value
  throw invalidValue('security option', text, 'Its value is missing')
}

/** Colon-separated, as podman writes them. */
function paths(value: string, text: string): string[] {
  const list = value.split(':')
  if (list.every((path) => path.startsWith('/') && !path.includes('\0'))) return list
  throw invalidValue('security option', text, 'Write absolute paths, separated by colons')
}
