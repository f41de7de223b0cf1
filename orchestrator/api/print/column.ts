import type { KubeObject } from '../object.ts'

/** A column of the tables that `kubectl get` shows. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  readonly description: string
  /** Above zero: only in wide tables. */
  readonly priority: number
  cell(object: KubeObject, now: Date): string | number
}

type Cell = Column['cell']

export function column(name: string, cell: Cell, description = name): Column {
  return { name, type: 'string', description, priority: 0, cell }
}

export function wide(name: string, cell: Cell, description = name): Column {
  return { name, type: 'string', description, priority: 1, cell }
}

export function count(name: string, cell: Cell, description = name): Column {
  return { name, type: 'integer', description, priority: 0, cell }
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
  cell: ({ metadata }) => metadata.name ?? '',
}

export const ageColumn = column(
  'Age',
  ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
  'How long ago it was made.',
)

const unknown = '<unknown>'

/** How long ago a time was, as kubectl writes ages. */
export function ageOf(time: unknown, now: Date): string {
  if (typeof time !== 'string') return unknown
  const then = Date.parse(time)
  return Number.isNaN(then) ? unknown : formatDuration((now.getTime() - then) / 1000)
}

/** Two units at most, fewer as the time gets longer: 45s, 5m30s, 12m, 3h5m, 15h, 2d3h, 30d, 2y10d. */
export function formatDuration(exact: number): string {
  const seconds = Math.trunc(exact)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes}m${part(seconds % 60, 's')}`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return `${hours}h${part(minutes % 60, 'm')}`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return `${days}d${part(hours % 24, 'h')}`
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? `${years}y${part(days % 365, 'd')}` : `${years}y`
}

function part(amount: number, unit: string): string {
  return amount === 0 ? '' : `${amount}${unit}`
}
