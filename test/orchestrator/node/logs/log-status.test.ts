import t from 'tap'
import type { JsonObject } from '../../../../orchestrator/api/object.ts'
import { StatusError } from '../../../../orchestrator/api/status-error.ts'
import { readLogQuery } from '../../../../orchestrator/node/logs/log-query.ts'
import { requireLog } from '../../../../orchestrator/node/logs/log-status.ts'
import { podWith } from '../pod-fixture.ts'

function statusOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error instanceof StatusError ? error.status : error
  }
  return undefined
}

const cases: { name: string; state: JsonObject | undefined; previous?: boolean; want?: string }[] =
  [
    { name: 'one that runs', state: { state: { running: {} } } },
    { name: 'one that has ended', state: { state: { terminated: { exitCode: 1 } } } },
    {
      name: 'one that ended and waits to start again',
      state: { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: {} } },
    },
    {
      name: 'one that is being made',
      state: { state: { waiting: { reason: 'ContainerCreating' } } },
      want: 'container "web" in pod "web-1" is waiting to start: ContainerCreating',
    },
    {
      name: 'one without an image',
      state: { state: { waiting: { reason: 'ImagePullBackOff' } } },
      want: 'container "web" in pod "web-1" is waiting to start: trying and failing to pull image',
    },
    {
      name: 'the one before the first',
      state: { state: { running: {} } },
      previous: true,
      want: 'previous terminated container "web" in pod "web-1" not found',
    },
    {
      name: 'one that nothing is known of',
      state: undefined,
      want: 'container "web" in pod "web-1" is not available',
    },
  ]

for (const { name, state, previous = false, want } of cases)
  t.test(`the log of ${name}`, async (t) => {
    const pod = podWith({ containers: [{ name: 'web' }] })
    pod.status = { containerStatuses: state ? [{ name: 'web', ...state }] : [] }
    const check = (): void => requireLog(pod, 'web', previous)
    if (want === undefined) t.doesNotThrow(check)
    else t.match(statusOf(check), { code: 400, message: want })
  })

t.test('the query as kubectl sends it', async (t) => {
  const text = 'follow=true&tailLines=5&sinceSeconds=10&timestamps=true&limitBytes=9&previous=true'
  t.match(readLogQuery(new URLSearchParams(text), 60_000), {
    follow: true,
    previous: true,
    timestamps: true,
    tailLines: 5,
    limitBytes: 9,
    since: 50_000,
  })
  const time = readLogQuery(new URLSearchParams('sinceTime=2026-11-21T07:00:00Z'), 0)
  t.equal(time.since, Date.UTC(2026, 10, 21, 7))
})

for (const text of ['tailLines=-1', 'tailLines=x', 'limitBytes=0', 'sinceTime=x', 'stream=x'])
  t.test(`refuses ${text}`, async (t) => {
    t.match(
      statusOf(() => readLogQuery(new URLSearchParams(text), 0)),
      { code: 400 },
    )
  })
