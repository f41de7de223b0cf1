import { alignColumns } from '../../../rootfs/columns.ts'

/** Rows in columns, the header first; each line with its newline. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  return alignColumns(rows)
    .map((line) => `${line}\n`)
    .join('')
}
