import type { Config } from '../config.ts'
import type { IdMapping } from '../mount.ts'
import type { Report } from '../problem.ts'
import { findNamespace } from './namespaces.ts'

const END_OF_IDS = 2 ** 32
const MAX_ROWS = 340 // since Linux 4.15, user_namespaces(7)

/** A new user namespace needs both maps; any other container must have none. */
export function checkIdMappings(config: Config, report: Report): void {
  const namespace = findNamespace(config, 'user')
  const isNew = namespace !== undefined && (namespace.path ?? '') === ''
  for (const key of ['uidMappings', 'gidMappings'] as const) {
    const rows = config.linux?.[key] ?? []
    const path = `linux.${key}`
    if (rows.length > 0 && namespace === undefined)
      report(path, 'a user namespace in linux.namespaces')
    if (rows.length === 0 && isNew) report(path, 'at least one row for the new user namespace')
    checkRows(rows, path, report)
  }
}

/** What the kernel refuses in a uid_map, with the row at fault instead of a bare EINVAL. */
export function checkRows(rows: readonly IdMapping[], path: string, report: Report): void {
  if (rows.length > MAX_ROWS) report(path, `at most ${MAX_ROWS} rows`, rows.length)
  rows.forEach((row, index) => {
    if (row.size === 0) report(`${path}[${index}].size`, 'at least 1', row.size)
    for (const side of ['containerID', 'hostID'] as const) {
      const at = `${path}[${index}].${side}`
      if (row[side] + row.size > END_OF_IDS) report(at, 'ids that end below 2^32', row[side])
      const other = rows.slice(0, index).findIndex((earlier) => overlap(earlier, row, side))
      if (other !== -1) report(at, `ids that row ${other} does not map`, row[side])
    }
  })
}

function overlap(a: IdMapping, b: IdMapping, side: 'containerID' | 'hostID'): boolean {
  return a[side] < b[side] + b.size && b[side] < a[side] + a.size
}
