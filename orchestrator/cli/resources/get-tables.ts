import { textAt } from '../../api/object.ts'
import type { GetFlags } from '../get.ts'
import { ask } from './get-objects.ts'
import type { Answer } from './get-objects.ts'
import { readTable, tableForm } from './server-table.ts'
import type { ServerTable, TableFlags } from './server-table.ts'
import { untilInterrupted } from './session.ts'
import type { Session } from './session.ts'
import { sortByField } from './sort-by-field.ts'
import { collectionPath } from './targets.ts'
import type { Form, Target } from './targets.ts'
import { makeTextTable } from './text-table.ts'
import type { TextTable } from './text-table.ts'

/** The tables that the server makes, one for each kind. */
export async function printTables(
  session: Session,
  targets: readonly Target[],
  flags: GetFlags,
): Promise<void> {
  const answers = await ask(session, targets, flags, formOf(flags))
  const groups = groupByKind(answers)
  const withKind = flags.showKind === true || groups.length > 1
  let isFirst = true
  for (const own of groups) {
    const { target } = own[0]!
    const shape = tableFlags(target, withKind, flags)
    const tables = own.map(({ document }) => readTable(document, target.resource, shape))
    const rows = sortedRows(tables, flags)
    const table = makeTextTable()
    if (rows.length > 0 && !flags.watchOnly) {
      const head = flags.headers ? [tables[0]?.header ?? []] : []
      process.stdout.write(`${isFirst ? '' : '\n'}${table.format([...head, ...rows])}`)
      isFirst = false
    }
    if (flags.watch || flags.watchOnly)
      return watchTable(session, target, flags, {
        document: own[0]?.document,
        table,
        header: isFirst && flags.headers ? tables[0]?.header : undefined,
      })
  }
  if (isFirst && answers.length > 0 && !flags.ignoreNotFound) tellOfNone(session, targets, flags)
}

function tellOfNone(session: Session, targets: readonly Target[], flags: GetFlags): void {
  const isAnywhere =
    flags.allNamespaces === true || !targets.some(({ resource }) => resource.namespaced)
  process.stderr.write(
    isAnywhere ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`,
  )
}

/** Answers on one kind that follow each other. */
function groupByKind(answers: readonly Answer[]): Answer[][] {
  const groups: Answer[][] = []
  for (const answer of answers) {
    const last = groups.at(-1)
    if (last?.[0]?.target.resource === answer.target.resource) last.push(answer)
    else groups.push([answer])
  }
  return groups
}

/** What rows are sorted by is in the objects, which the server leaves out otherwise. */
function formOf({ sortBy }: GetFlags): Form {
  return { accept: tableForm, query: sortBy === undefined ? {} : { includeObject: 'Object' } }
}

function sortedRows(tables: readonly ServerTable[], { sortBy }: GetFlags): string[][] {
  const rows = tables.flatMap((table) => table.rows)
  const order = sortBy === undefined ? rows : sortByField(rows, sortBy, ({ object }) => object)
  return order.map(({ cells }) => cells)
}

function tableFlags({ resource }: Target, withKind: boolean, flags: GetFlags): TableFlags {
  return {
    wide: flags.output === 'wide',
    withNamespace: flags.allNamespaces === true && resource.namespaced,
    withKind,
    showLabels: flags.showLabels === true,
    labelColumns: flags.labelColumns ?? [],
  }
}

interface Before {
  readonly document: unknown
  readonly table: TextTable
  /** Where it has not been printed. */
  readonly header: string[] | undefined
}

async function watchTable(
  session: Session,
  target: Target,
  flags: GetFlags,
  { document, table, header }: Before,
): Promise<void> {
  const { resource, names } = target
  const [name] = names
  const selection =
    name === undefined ? flags : { ...flags, fieldSelector: `metadata.name=${name}` }
  const resourceVersion = textAt(document, ['metadata', 'resourceVersion']) ?? ''
  const path = collectionPath(session, resource, selection, { watch: 'true', resourceVersion })
  const shape = tableFlags(target, flags.showKind === true, flags)
  const { signal, done } = untilInterrupted()
  let head = header
  try {
    const response = await session.stream({ path, accept: tableForm, signal })
    const { createInterface } = await import('node:readline')
    for await (const line of createInterface({ input: response })) {
      const event = JSON.parse(line) as { type: string; object: unknown }
      const { rows } = readTable(event.object, resource, shape, document)
      const extra = flags.outputWatchEvents ? [event.type] : []
      const cells = rows.map((row) => [...extra, ...row.cells])
      const top = head ? [[...(flags.outputWatchEvents ? ['EVENT'] : []), ...head]] : []
      process.stdout.write(table.format([...top, ...cells]))
      head = undefined
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    done()
  }
}
