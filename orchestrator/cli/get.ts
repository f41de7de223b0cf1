import type { Command } from 'commander'
import { textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { failureText, addSessionAction, untilInterrupted } from './resources/session.ts'
import type { Session } from './resources/session.ts'
import type { SelectionFlags, Target } from './resources/targets.ts'
import type { TextTable } from './resources/text-table.ts'

interface Flags extends ClientFlags, SelectionFlags {
  readonly output?: string
  readonly watch?: boolean
  readonly headers: boolean
  readonly showLabels?: boolean
  readonly ignoreNotFound?: boolean
}

/** `myorch get TYPE [NAME…]`. */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('Show objects of the cluster')
    .argument('<target...>', 'TYPE, TYPE NAME…, TYPE,TYPE or TYPE/NAME…')
    .option('-o, --output <format>', 'wide, json, yaml, name, jsonpath=…, custom-columns=…')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'only those with these labels, like app=web')
    .option('--field-selector <fields>', 'only those with these fields')
    .option('-w, --watch', 'go on with what changes')
    .option('--show-labels', 'with a column of labels')
    .option('--no-headers', 'without the line of names of columns')
    .option('--ignore-not-found', 'an object that is not there is no error')
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { parseTargets } = await import('./resources/targets.ts')
    const targets = await parseTargets(session, words, 'get')
    const isTable = flags.output === undefined || flags.output === 'wide'
    await (isTable ? printTables(session, targets, flags) : printObjects(session, targets, flags))
  })
}

interface Answer {
  readonly target: Target
  readonly document: unknown
}

/** Names are asked for one by one, so that each can fail for itself. */
async function ask(
  session: Session,
  targets: readonly Target[],
  flags: Flags,
  accept?: string,
): Promise<Answer[]> {
  const { collectionPath, pathOf } = await import('./resources/targets.ts')
  const answers: Answer[] = []
  for (const target of targets) {
    const { resource, names } = target
    const paths =
      names.length === 0
        ? [collectionPath(session, resource, flags)]
        : names.map((name) => pathOf(session, resource, name))
    for (const path of paths)
      try {
        answers.push({
          target,
          document: await session.send({ path, ...(accept === undefined ? {} : { accept }) }),
        })
      } catch (error) {
        if (flags.ignoreNotFound && valueAt(error, ['status', 'reason']) === 'NotFound') continue
        process.stderr.write(`${failureText(error)}\n`)
        process.exitCode = 1
      }
  }
  return answers
}

async function printObjects(
  session: Session,
  targets: readonly Target[],
  flags: Flags,
): Promise<void> {
  const { formatObjects } = await import('./resources/print-objects.ts')
  const answers = await ask(session, targets, flags)
  const printed = answers.flatMap(({ target: { resource, names }, document }) => {
    if (names.length > 0) return [{ resource, object: document as KubeObject }]
    const apiVersion = textAt(document, ['apiVersion']) ?? ''
    return (valueAt(document, ['items']) as KubeObject[]).map((item) => ({
      resource,
      object: { ...item, apiVersion, kind: resource.kind },
    }))
  })
  const single = targets.length === 1 && targets[0]?.names.length === 1
  if (single && printed.length === 0) return
  process.stdout.write(await formatObjects(flags.output ?? '', printed, single, flags.headers))
}

async function printTables(
  session: Session,
  targets: readonly Target[],
  flags: Flags,
): Promise<void> {
  const { readTable, tableForm } = await import('./resources/server-table.ts')
  const { makeTextTable } = await import('./resources/text-table.ts')
  const answers = await ask(session, targets, flags, tableForm)
  let isFirst = true
  for (const target of targets) {
    const own = answers.filter((answer) => answer.target === target)
    const shape = tableFlags(target, targets.length > 1, flags)
    const tables = own.map(({ document }) => readTable(document, target.resource, shape))
    const rows = tables.flatMap((table) => table.rows.map(({ cells }) => cells))
    const table = makeTextTable()
    if (rows.length > 0) {
      const head = flags.headers ? [tables[0]?.header ?? []] : []
      process.stdout.write(`${isFirst ? '' : '\n'}${table.format([...head, ...rows])}`)
      isFirst = false
    }
    if (flags.watch) return watchTable(session, target, flags, own[0]?.document, table)
  }
  if (isFirst && answers.length > 0 && !flags.ignoreNotFound)
    process.stderr.write(
      flags.allNamespaces || !targets.some(({ resource }) => resource.namespaced)
        ? 'No resources found\n'
        : `No resources found in ${session.namespace} namespace.\n`,
    )
}

function tableFlags({ resource }: Target, withKind: boolean, flags: Flags) {
  return {
    wide: flags.output === 'wide',
    withNamespace: flags.allNamespaces === true && resource.namespaced,
    withKind,
    showLabels: flags.showLabels === true,
  }
}

async function watchTable(
  session: Session,
  target: Target,
  flags: Flags,
  first: unknown,
  table: TextTable,
): Promise<void> {
  const { collectionPath } = await import('./resources/targets.ts')
  const { readTable, tableForm } = await import('./resources/server-table.ts')
  const { resource, names } = target
  const [name] = names
  const selection =
    name === undefined ? flags : { ...flags, fieldSelector: `metadata.name=${name}` }
  const resourceVersion = textAt(first, ['metadata', 'resourceVersion']) ?? ''
  const path = collectionPath(session, resource, selection, { watch: 'true', resourceVersion })
  const { signal, done } = untilInterrupted()
  try {
    const response = await session.stream({ path, accept: tableForm, signal })
    const { createInterface } = await import('node:readline')
    for await (const line of createInterface({ input: response })) {
      const event = JSON.parse(line) as { object: unknown }
      const { rows } = readTable(event.object, resource, tableFlags(target, false, flags), first)
      process.stdout.write(table.format(rows.map(({ cells }) => cells)))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    done()
  }
}
