import t from 'tap'
import { listAt } from '../../../orchestrator/api/object.ts'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import type { ContainerFacts, ContainerRun } from '../../../orchestrator/node/pod-containers.ts'
import { podStatus } from '../../../orchestrator/node/pod-status.ts'
import type { PodSituation } from '../../../orchestrator/node/pod-status.ts'
import { podWith } from './pod-fixture.ts'

const situation: PodSituation = {
  hasSandbox: true,
  addresses: ['10.244.1.7'],
  hostAddress: '192.0.2.1',
  isInitialized: true,
  ended: undefined,
  startTime: '2026-01-01T00:00:00Z',
  now: '2026-01-01T00:01:00Z',
}

const spec = { containers: [{ name: 'web', image: 'nginx' }] }
const withInit = { ...spec, initContainers: [{ name: 'init', image: 'nginx' }] }

function run(more: Partial<ContainerRun> = {}): ContainerRun {
  return {
    id: 'abc',
    attempt: 0,
    imageId: 'sha256:1',
    isRunning: true,
    startedAt: '2026-01-01T00:00:01.123456Z',
    exitCode: 0,
    reason: '',
    message: '',
    ...more,
  }
}
const crashed = run({
  isRunning: false,
  exitCode: 1,
  reason: 'Error',
  finishedAt: '2026-01-01T00:00:02.5Z',
})

interface Row {
  readonly title: string
  readonly spec?: JsonObject
  readonly facts: Readonly<Record<string, ContainerFacts>>
  readonly situation?: Partial<PodSituation>
  readonly phase: string
  readonly web: JsonObject
  /** Of Ready and Initialized: status and reason. */
  readonly ready: readonly [string, string | null]
  readonly initialized?: readonly [string, string | null]
}

const rows: readonly Row[] = [
  {
    title: 'before anything was started',
    facts: {},
    situation: { hasSandbox: false, addresses: [] },
    phase: 'Pending',
    web: { state: { waiting: { reason: 'ContainerCreating' } }, ready: false, restartCount: 0 },
    ready: ['False', 'ContainersNotReady'],
  },
  {
    title: 'behind an init container',
    spec: withInit,
    facts: { init: { current: run() } },
    situation: { isInitialized: false },
    phase: 'Pending',
    web: { state: { waiting: { reason: 'PodInitializing' } } },
    ready: ['False', 'ContainersNotReady'],
    initialized: ['False', 'ContainersNotInitialized'],
  },
  {
    title: 'running and ready',
    facts: { web: { current: run(), health: { started: true, ready: true } } },
    phase: 'Running',
    web: {
      state: { running: { startedAt: '2026-01-01T00:00:01Z' } },
      containerID: 'mycontainer://abc',
      ready: true,
      started: true,
    },
    ready: ['True', null],
  },
  {
    title: 'running, not ready',
    facts: { web: { current: run(), health: { started: true, ready: false } } },
    phase: 'Running',
    web: { ready: false, started: true },
    ready: ['False', 'ContainersNotReady'],
  },
  {
    title: 'waiting for its restart',
    facts: {
      web: { current: crashed, waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
    },
    phase: 'Running',
    web: {
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    },
    ready: ['False', 'ContainersNotReady'],
  },
  {
    title: 'without its image',
    facts: { web: { waiting: { reason: 'ErrImagePull', message: 'no' } } },
    phase: 'Pending',
    web: { state: { waiting: { reason: 'ErrImagePull', message: 'no' } }, lastState: {} },
    ready: ['False', 'ContainersNotReady'],
  },
  {
    title: 'killed by a signal',
    facts: { web: { current: { ...crashed, exitCode: 137, reason: 'OOMKilled' } } },
    situation: { ended: 'Failed' },
    phase: 'Failed',
    web: {
      state: {
        terminated: {
          exitCode: 137,
          reason: 'OOMKilled',
          finishedAt: '2026-01-01T00:00:02Z',
        },
      },
    },
    ready: ['False', 'PodFailed'],
  },
  {
    title: 'done',
    facts: { web: { current: { ...crashed, exitCode: 0, reason: 'Completed' } } },
    situation: { ended: 'Succeeded' },
    phase: 'Succeeded',
    web: { state: { terminated: { exitCode: 0, reason: 'Completed' } } },
    ready: ['False', 'PodCompleted'],
    initialized: ['True', 'PodCompleted'],
  },
]

for (const row of rows)
  t.test(`a pod ${row.title}`, async (t) => {
    const facts = new Map(Object.entries(row.facts))
    const status = podStatus(podWith(row.spec ?? spec), facts, { ...situation, ...row.situation })
    t.equal(status['phase'], row.phase)
    t.match(listAt(status, ['containerStatuses'])[0], row.web)
    t.strictSame(verdictOf(status, 'Ready'), row.ready)
    t.strictSame(verdictOf(status, 'Initialized'), row.initialized ?? ['True', null])
  })

t.test('a condition keeps the time of its last change', async (t) => {
  const pod = podWith(spec)
  const first = podStatus(pod, new Map(), situation)
  const later = { ...situation, now: '2026-01-01T09:00:00Z' }
  const ready = new Map([['web', { current: run(), health: { started: true, ready: true } }]])
  const second = podStatus({ ...pod, status: first }, ready, later)
  const times = listAt(second, ['conditions']).map((it) => [it['type'], it['lastTransitionTime']])
  t.strictSame(Object.fromEntries(times), {
    PodReadyToStartContainers: situation.now,
    Initialized: situation.now,
    Ready: later.now,
    ContainersReady: later.now,
  })
})

t.test('a readiness gate that nobody has opened keeps a pod from being ready', async (t) => {
  const pod = podWith({ ...spec, readinessGates: [{ conditionType: 'example.com/balanced' }] })
  const ready = new Map([['web', { current: run(), health: { started: true, ready: true } }]])
  t.strictSame(verdictOf(podStatus(pod, ready, situation), 'Ready'), [
    'False',
    'ReadinessGatesNotReady',
  ])
  const open = { conditions: [{ type: 'example.com/balanced', status: 'True' }] }
  t.strictSame(verdictOf(podStatus({ ...pod, status: open }, ready, situation), 'Ready'), [
    'True',
    null,
  ])
})

function verdictOf(status: JsonObject, type: string): [unknown, unknown] {
  const found = listAt(status, ['conditions']).find((it) => it['type'] === type)
  return [found?.['status'], found?.['reason']]
}
