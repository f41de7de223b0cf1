import type { LogEntry } from '../cli/engine.ts'
import {
  containerFilterNames,
  filterContainers,
  needsAll,
} from '../cli/output/filter-containers.ts'
import { OperationError } from '../../native/error.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { containerDocument, containerSummary } from './container-documents.ts'
import { containerOf } from './container-life.ts'
import { isTrue, readFilters, timeOf } from './filters.ts'
import { framedStreamType, rawStreamType, streamFrame } from './stream-frame.ts'

// What there is to see of containers.

export const containerViewRoutes: readonly Route[] = [
  ['GET', '/containers/json', list],
  ['GET', '/containers/*/json', inspect],
  ['GET', '/containers/*/logs', logs],
  ['GET', '/containers/*/top', top],
  ['GET', '/containers/*/changes', changes],
]

/** Filters of docker's that mean nothing here. */
const others = new Set(['is-task', 'isolation'])

async function list({ engine, query }: ApiCall): Promise<Answer> {
  const filters = readFilters(query).filter(({ name }) => !others.has(name))
  const unknown = filters.find(({ name }) => !containerFilterNames.includes(name))
  if (unknown) throw new OperationError('INVALID_ARGUMENT', `invalid filter '${unknown.name}'`)
  const limit = Number(query.get('limit') ?? 0)
  const all = isTrue(query.get('all')) || limit > 0 || needsAll(filters)
  const containers = await engine.list({ all, size: isTrue(query.get('size')) })
  const found = filterContainers(containers, filters)
  const shown = limit > 0 ? found.slice(0, limit) : found
  const now = Date.now()
  return ok(shown.map((container) => containerSummary(container, now)))
}

async function inspect(call: ApiCall): Promise<Answer> {
  const found = await containerOf(call)
  const { id } = found.record
  const container = isTrue(call.query.get('size'))
    ? await call.engine.inspect(id, { size: true })
    : found
  return ok(containerDocument(container, call.executions.running(id)))
}

async function logs(call: ApiCall): Promise<Answer> {
  const { engine, query, signal } = call
  const { record } = await containerOf(call)
  const { tty } = record.options
  const wanted = { stdout: isTrue(query.get('stdout')), stderr: isTrue(query.get('stderr')) }
  if (!wanted.stdout && !wanted.stderr)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'Bad parameters: you must choose at least one stream',
    )
  const tail = query.get('tail')
  const count = tail === null || tail === 'all' || tail === '' ? undefined : Number(tail)
  const entries = engine.logs(record.id, {
    follow: isTrue(query.get('follow')),
    ...(count === undefined || !Number.isInteger(count) || count < 0 ? {} : { tail: count }),
    since: timeOf(query.get('since')),
    until: timeOf(query.get('until')),
    signal,
  })
  const withTime = isTrue(query.get('timestamps'))
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const entry of entries) {
      if (!wanted[entry.stream]) continue
      const data = withTime ? timed(entry) : entry.data
      yield tty ? data : streamFrame(entry.stream, data)
    }
  }
  return { stream: pieces(), type: tty ? rawStreamType : framedStreamType }
}

function timed({ time, data }: LogEntry): Buffer {
  return Buffer.concat([Buffer.from(`${time} `), data])
}

async function top(call: ApiCall): Promise<Answer> {
  const { record, state } = await containerOf(call)
  if (state.pid === 0)
    throw new OperationError('BAD_STATE', `Container ${record.id} is not running`)
  const words = (call.query.get('ps_args') ?? '-ef').split(/\s+/).filter(Boolean)
  const { titles, rows } = await call.engine.top(record.id, { arguments: words })
  return ok({ Titles: titles, Processes: rows })
}

const kinds = { changed: 0, added: 1, deleted: 2 } as const

async function changes(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  const entries = await call.engine.diff(record.id)
  return ok(entries.map(({ kind, path }) => ({ Path: path, Kind: kinds[kind] })))
}
