import type { Pool } from 'pg'

export interface Task {
  readonly id: string
  readonly title: string
  readonly done: boolean
  readonly created: string
  /** State of its image's small copy; null: it has no image. */
  readonly image: 'waiting' | 'ready' | 'failed' | null
}

export interface TaskChange {
  readonly title?: string
  readonly done?: boolean
}

const columns = 'task.id, title, done, created, image.small AS image'
const joined = 'task LEFT JOIN image ON image.task = task.id'

export async function listTasks(pool: Pool): Promise<Task[]> {
  const { rows } = await pool.query<Task>(`SELECT ${columns} FROM ${joined} ORDER BY task.id`)
  return rows
}

export async function findTask(pool: Pool, id: string): Promise<Task | undefined> {
  const { rows } = await pool.query<Task>(`SELECT ${columns} FROM ${joined} WHERE task.id = $1`, [
    id,
  ])
  return rows[0]
}

export async function addTask(pool: Pool, title: string): Promise<Task | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    'INSERT INTO task (title) VALUES ($1) RETURNING id',
    [title],
  )
  return findTask(pool, rows[0]?.id ?? '0')
}

/** @returns undefined where there is no such task */
export async function changeTask(
  pool: Pool,
  id: string,
  { title, done }: TaskChange,
): Promise<Task | undefined> {
  await pool.query(
    'UPDATE task SET title = coalesce($2, title), done = coalesce($3, done) WHERE id = $1',
    [id, title ?? null, done ?? null],
  )
  return findTask(pool, id)
}

/** @returns whether there was one */
export async function removeTask(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query('DELETE FROM task WHERE id = $1', [id])
  return rowCount === 1
}
