import t from 'tap'
import { nextHealth } from '../../../runtime/container/health.ts'
import { restartDelayMs } from '../../../runtime/container/monitor-commands.ts'
import type { HealthState, HealthStatus } from '../../../runtime/container/state.ts'

const startedAt = '2030-01-01T00:00:00Z'

const probe = (exitCode: number, second: number) => {
  const time = new Date(Date.parse(startedAt) + second * 1000).toISOString()
  return { start: time, end: time, exitCode, output: '' }
}

const rows: readonly {
  readonly title: string
  readonly options: { retries?: number; startPeriodMs?: number }
  /** Exit code of each probe, one a second. */
  readonly codes: readonly number[]
  readonly status: HealthStatus
  readonly failingStreak: number
}[] = [
  { title: 'no probe yet', options: {}, codes: [], status: 'starting', failingStreak: 0 },
  { title: 'one success is enough', options: {}, codes: [0], status: 'healthy', failingStreak: 0 },
  {
    title: 'two failures of three',
    options: {},
    codes: [1, 1],
    status: 'starting',
    failingStreak: 2,
  },
  { title: 'three failures', options: {}, codes: [1, 1, 1], status: 'unhealthy', failingStreak: 3 },
  { title: 'retries', options: { retries: 1 }, codes: [1], status: 'unhealthy', failingStreak: 1 },
  {
    title: 'failures after success',
    options: { retries: 2 },
    codes: [0, 1],
    status: 'healthy',
    failingStreak: 1,
  },
  {
    title: 'recovery',
    options: { retries: 1 },
    codes: [1, 0],
    status: 'healthy',
    failingStreak: 0,
  },
  {
    title: 'a probe that could not start',
    options: { retries: 1 },
    codes: [-1],
    status: 'unhealthy',
    failingStreak: 1,
  },
  {
    title: 'the start period forgives',
    options: { retries: 1, startPeriodMs: 10_000 },
    codes: [1, 1, 1],
    status: 'starting',
    failingStreak: 0,
  },
  {
    title: 'not after a success',
    options: { retries: 1, startPeriodMs: 10_000 },
    codes: [0, 1],
    status: 'unhealthy',
    failingStreak: 1,
  },
  {
    title: 'nor for ever',
    options: { retries: 1, startPeriodMs: 1500 },
    codes: [1, 1],
    status: 'unhealthy',
    failingStreak: 1,
  },
]

t.test('states of a health check', async (t) => {
  for (const { title, options, codes, status, failingStreak } of rows) {
    let health: HealthState = { status: 'starting', failingStreak: 0, log: [] }
    for (const [index, code] of codes.entries())
      health = nextHealth(
        health,
        { disabled: false, ...options },
        probe(code, index + 1),
        startedAt,
      )
    t.match(health, { status, failingStreak }, title)
  }
})

t.test('five probes are kept', async (t) => {
  let health: HealthState = { status: 'starting', failingStreak: 0, log: [] }
  for (let index = 0; index < 7; index++)
    health = nextHealth(health, { disabled: false }, probe(index, index), startedAt)
  t.strictSame(
    health.log.map(({ exitCode }) => exitCode),
    [2, 3, 4, 5, 6],
  )
})

t.test('the wait before a restart doubles up to a minute', async (t) => {
  t.strictSame(
    [0, 1, 2, 3, 9, 10, 50].map(restartDelayMs),
    [100, 200, 400, 800, 51_200, 60_000, 60_000],
  )
})
