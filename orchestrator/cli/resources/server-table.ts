import { listAt, numberAt, plainText, textAt, valueAt } from '../../api/object.ts'
import { fullName } from './discover.ts'
import type { ApiResource } from './discover.ts'

/** How the server is asked for what it would print. */
export const tableForm = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

export interface TableFlags {
  readonly wide: boolean
  readonly withNamespace: boolean
  readonly withKind: boolean
  readonly showLabels: boolean
  /** Labels with a column of their own. */
  readonly labelColumns: readonly string[]
}

export interface ServerTable {
  readonly header: string[]
  readonly rows: { readonly cells: string[]; readonly object: unknown }[]
}

/** The columns that are shown of a Table that the server made. @param known of an event of a watch, which tells of no columns */
export function readTable(
  document: unknown,
  resource: ApiResource,
  flags: TableFlags,
  known?: unknown,
): ServerTable {
  const own = listAt(document, ['columnDefinitions'])
  const columns = own.length > 0 ? own : listAt(known, ['columnDefinitions'])
  const shown = columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => flags.wide || (numberAt(column, ['priority']) ?? 0) === 0)
  const names = shown.map(({ column }) => (textAt(column, ['name']) ?? '').toUpperCase())
  return {
    header: [
      ...(flags.withNamespace ? ['NAMESPACE'] : []),
      ...names,
      ...flags.labelColumns.map((label) => label.replace(/^.*\//, '').toUpperCase()),
      ...(flags.showLabels ? ['LABELS'] : []),
    ],
    rows: listAt(document, ['rows']).map((row) => {
      const cells = valueAt(row, ['cells'])
      const values = shown.map(({ index }) => plainText((cells as unknown[])[index]))
      const object = row['object']
      if (flags.withKind) values[0] = prefix(resource) + (values[0] ?? '')
      return {
        object,
        cells: [
          ...(flags.withNamespace ? [textAt(object, ['metadata', 'namespace']) ?? ''] : []),
          ...values,
          ...flags.labelColumns.map((label) => textAt(object, ['metadata', 'labels', label]) ?? ''),
          ...(flags.showLabels ? [labelsText(object)] : []),
        ],
      }
    }),
  }
}

function prefix(resource: ApiResource): string {
  return `${fullName({ ...resource, plural: resource.singular })}/`
}

function labelsText(object: unknown): string {
  const labels = Object.entries(valueAt(object, ['metadata', 'labels']) ?? {})
  return labels.map(([name, value]) => `${name}=${String(value)}`).join(',') || '<none>'
}
