import { OperationError } from '../../native/error.ts'
import type { CgroupManager } from './oci-cgroup.ts'

/**
 * `linux.cgroupsPath` as a path. Engines that let systemd manage groups write `slice:prefix:name`, which stands for the
 * scope `prefix-name.scope` in that slice; a slice `a-b.slice` lies in `a.slice` (systemd.slice(5)).
 *
 * @throws {OperationError} `INVALID_SPEC`
 */
export function expandSystemdPath(path: string, manager: CgroupManager): string {
  const parts = path.split(':')
  if (parts.length !== 3 || path.startsWith('/')) {
    if (manager !== 'systemd') return path
    throw new OperationError(
      'INVALID_SPEC',
      'check linux.cgroupsPath',
      { value: path, expected: 'slice:prefix:name' },
      { hint: 'Write it so, or leave out --systemd-cgroup' },
    )
  }
  const [slice = '', prefix = '', name = ''] = parts
  const unit = name.endsWith('.slice') ? name : `${prefix === '' ? '' : `${prefix}-`}${name}.scope`
  return `${expandSlice(slice === '' ? 'system.slice' : slice)}/${unit}`
}

function expandSlice(slice: string): string {
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
