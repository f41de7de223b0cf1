import type { Kind } from '../kind.ts'
import { ageColumn, nameColumn } from './column.ts'
import type { Column } from './column.ts'
import { coreTables } from './core-columns.ts'
import { groupTables } from './group-columns.ts'

const plain = [nameColumn, ageColumn]

/** The columns of a kind's table. */
export function columnsOf(kind: Pick<Kind, 'group' | 'kind' | 'columns'>): readonly Column[] {
  if (kind.columns) return kind.columns
  return (
    coreTables[`${kind.group}/${kind.kind}`] ?? groupTables[`${kind.group}/${kind.kind}`] ?? plain
  )
}
