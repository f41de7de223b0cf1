import { OperationError } from '../../native/error.ts'
import type { CgroupManager } from './oci-cgroup.ts'

/** What `slice:prefix:name` stands for. */
export interface UnitPlace {
  /** The unit of the container itself: a scope, or where the name says so a slice. */
  readonly unit: string
  /** The slice that it is in, e.g. `user-1000.slice`. */
  readonly slice: string
}

/**
 * `linux.cgroupsPath` as a path. Engines that let systemd manage groups write `slice:prefix:name`, which stands for the
 * scope `prefix-name.scope` in that slice; a slice `a-b.slice` lies in `a.slice` (systemd.slice(5)).
 *
 * @throws {OperationError} `INVALID_SPEC`
 */
export function expandSystemdPath(path: string, manager: CgroupManager): string {
  const place = findUnitPlace(path, manager)
  return place ? `${expandSlice(place.slice)}/${place.unit}` : path
}

/**
 * The unit that `linux.cgroupsPath` names; undefined for a plain path.
 *
 * @throws {OperationError} `INVALID_SPEC`
 */
export function findUnitPlace(path: string, manager: CgroupManager): UnitPlace | undefined {
  const parts = path.split(':')
  if (parts.length !== 3 || path.startsWith('/')) {
    if (manager !== 'systemd') return undefined
    throw new OperationError(
      'INVALID_SPEC',
      'check linux.cgroupsPath',
      { value: path, expected: 'slice:prefix:name' },
      { hint: 'Write it so, or leave out --systemd-cgroup' },
    )
  }
  const [slice = '', prefix = '', name = ''] = parts
  const unit = name.endsWith('.slice') ? name : `${prefix === '' ? '' : `${prefix}-`}${name}.scope`
  return { unit, slice: slice === '' ? 'system.slice' : slice }
}

/**
 * Path of a slice's group: its name alone says where it is.
 *
 * @throws {OperationError} `INVALID_SPEC`
 */
export function expandSlice(slice: string): string {
  if (slice === '-.slice') return ''
  const isSlice = slice.endsWith('.slice') && !slice.includes('/') && slice !== '.slice'
  const names = slice.slice(0, -'.slice'.length).split('-')
  if (!isSlice || names.includes(''))
    throw new OperationError(
      'INVALID_SPEC',
      'check the slice of linux.cgroupsPath',
      { value: slice },
      { hint: 'A slice is named as in system.slice or user-1000.slice' },
    )
  return names.map((_, index) => `/${names.slice(0, index + 1).join('-')}.slice`).join('')
}
