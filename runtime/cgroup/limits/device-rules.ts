import { OperationError } from '../../../native/error.ts'
import type { DeviceRule, Integer } from '../resources.ts'
import type { LimitWrite } from './limit-write.ts'
import { v1Source } from './limit-write.ts'

export type DeviceType = 'a' | 'b' | 'c'

/** A checked rule: no number means every number. */
export interface CheckedDeviceRule {
  readonly allow: boolean
  readonly type: DeviceType
  readonly major: number | undefined
  readonly minor: number | undefined
  /** Some of `r`, `w`, `m`, in that order, never empty. */
  readonly access: string
}

/**
 * Check `linux.resources.devices`. Rules hold in their order: the last that speaks of an access
 * decides; what no rule speaks of is denied.
 *
 * @throws {OperationError} `INVALID_SPEC` naming the rule and the field
 */
export function checkDeviceRules(rules: readonly DeviceRule[]): CheckedDeviceRule[] {
  return rules.map((rule, index) => {
    const at = `devices[${index}]`
    const access = rule.access || 'rwm'
    if (!/^[rwm]+$/.test(access)) refuse(`${at}.access`, access)
    return {
      allow: rule.allow,
      type: rule.type ?? 'a',
      major: checkedNumber(`${at}.major`, rule.major),
      minor: checkedNumber(`${at}.minor`, rule.minor),
      access: ['r', 'w', 'm'].filter((letter) => access.includes(letter)).join(''),
    }
  })
}

function refuse(field: string, value: string | Integer): never {
  throw new OperationError('INVALID_SPEC', `check linux.resources.${field}`, { value })
}

// dev_t of the kernel has 12 + 20 bits, but the specification's int64 is compared as 32 bits.
function checkedNumber(field: string, value: Integer | undefined): number | undefined {
  if (value === undefined || Number(value) === -1) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0 || number > 0x7f_ff_ff_ff) refuse(field, value)
  return number
}

/** Whether a rule speaks of every access to every device. */
export function isCatchAll(rule: CheckedDeviceRule): boolean {
  const { type, major, minor, access } = rule
  return type === 'a' && major === undefined && minor === undefined && access === 'rwm'
}

/** v1: the rules as writes to `devices.deny` and `devices.allow`, all denied to begin with. */
export function deviceWritesV1(rules: readonly CheckedDeviceRule[]): LimitWrite[] {
  const source = `${v1Source}/devices.html`
  const writes: LimitWrite[] = [
    { file: 'devices.deny', value: 'a', why: 'no device at all, to begin with', source },
  ]
  for (const [index, rule] of rules.entries()) {
    const { allow, type, major, minor, access } = rule
    if (index === 0 && !allow && isCatchAll(rule)) continue
    // The kernel takes any line of type "a" for "everything", whatever else stands in it.
    const types = type === 'a' && !isCatchAll(rule) ? ['b', 'c'] : [type]
    for (const one of types)
      writes.push({
        file: allow ? 'devices.allow' : 'devices.deny',
        value: one === 'a' ? 'a' : `${one} ${major ?? '*'}:${minor ?? '*'} ${access}`,
        why: `linux.resources.devices[${index}]`,
        source,
      })
  }
  return writes
}
