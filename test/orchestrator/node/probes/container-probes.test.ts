import t from 'tap'
import type { Test } from 'tap'
import type { JsonObject } from '../../../../orchestrator/api/object.ts'
import type { ContainerHealth } from '../../../../orchestrator/node/probes/container-probes.ts'
import { startContainerProbes } from '../../../../orchestrator/node/probes/container-probes.ts'
import { countOutcomes } from '../../../../orchestrator/node/probes/count-outcomes.ts'

const counts: { name: string; success: number; failure: number; seen: string; want: string }[] = [
  { name: 'one failure is not enough', success: 1, failure: 3, seen: '--', want: '..' },
  { name: 'three are', success: 1, failure: 3, seen: '+---', want: '+..-' },
  {
    name: 'a success in between starts again',
    success: 1,
    failure: 3,
    seen: '--+--',
    want: '..+..',
  },
  { name: 'two successes in a row', success: 2, failure: 1, seen: '+-++', want: '.-.+' },
]

for (const { name, success, failure, seen, want } of counts)
  t.test(name, async (t) => {
    const counter = countOutcomes({ success, failure })
    const said = Array.from(seen, (it) => counter.add(it === '+'))
    t.equal(said.map((it) => (it === undefined ? '.' : it ? '+' : '-')).join(''), want)
  })

/** A container whose commands end as a script of the test says; each probe's command is its name. */
function observe(
  t: Test,
  container: JsonObject,
  outcomes: Record<string, string>,
  known?: ContainerHealth,
) {
  const log: string[] = []
  const waiting: { text: string; resolve(): void }[] = []
  const say = (text: string): void => {
    log.push(text)
    for (const wait of waiting) if (wait.text === text) wait.resolve()
  }
  const at: Record<string, number> = {}
  const probes = startContainerProbes({
    target: {
      container,
      podIP: '127.0.0.1',
      exec: async ([name = '']) => {
        const script = outcomes[name] ?? ''
        const index = (at[name] = (at[name] ?? -1) + 1)
        say(name)
        const mark = script[Math.min(index, script.length - 1)]
        return { exitCode: mark === '+' ? 0 : 1, output: 'no' }
      },
    },
    known,
    onChange: ({ started, ready }) => say(`started=${started} ready=${ready}`),
    onUnhealthy: (type, grace) => say(`${type} gives up ${grace ?? ''}`.trim()),
    onEvent: ({ message }) => say(message),
  })
  t.teardown(() => probes.stop())
  const until = (text: string): Promise<void> =>
    log.includes(text)
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ text, resolve }))
  return { log, probes, until }
}

const probe = (name: string, more: JsonObject = {}): JsonObject => ({
  exec: { command: [name] },
  periodSeconds: 0.02,
  ...more,
})

t.test('without probes it is started and ready at once', async (t) => {
  const { probes } = observe(t, {}, {})
  t.same(probes.health(), { started: true, ready: true })
})

t.test('the startup probe comes first, alone', async (t) => {
  const container = {
    startupProbe: probe('startup', { failureThreshold: 5 }),
    readinessProbe: probe('readiness'),
    livenessProbe: probe('liveness'),
  }
  const outcomes = { startup: '--+', readiness: '+', liveness: '+' }
  const { log, probes, until } = observe(t, container, outcomes)
  t.same(probes.health(), { started: false, ready: false })
  await until('started=true ready=true')
  t.same(log.slice(0, 6), [
    'startup',
    'Startup probe failed: no',
    'startup',
    'Startup probe failed: no',
    'startup',
    'started=true ready=false',
  ])
  t.equal(log.filter((it) => it === 'startup').length, 3, 'and not again')
})

t.test('readiness comes and goes', async (t) => {
  const container = { readinessProbe: probe('readiness', { failureThreshold: 2 }) }
  const { log, until } = observe(t, container, { readiness: '+--' })
  await until('started=true ready=false')
  t.same(log, [
    'readiness',
    'started=true ready=true',
    'readiness',
    'Readiness probe failed: no',
    'readiness',
    'Readiness probe failed: no',
    'started=true ready=false',
  ])
})

t.test('liveness that fails ends all probes, with its own grace', async (t) => {
  const container = {
    readinessProbe: probe('readiness', { initialDelaySeconds: 60 }),
    livenessProbe: probe('liveness', { failureThreshold: 2, terminationGracePeriodSeconds: 7 }),
  }
  const { log, until } = observe(t, container, { liveness: '+--' })
  await until('Liveness gives up 7')
  t.equal(log.at(-1), 'Liveness gives up 7')
  t.equal(log.filter((it) => it === 'liveness').length, 3)
})

t.test('a startup probe that never succeeds', async (t) => {
  const container = { startupProbe: probe('startup', { failureThreshold: 2 }) }
  const { until } = observe(t, container, { startup: '-' })
  await until('Startup gives up')
})

t.test('who takes over a container keeps what is known of it', async (t) => {
  const container = { startupProbe: probe('startup'), readinessProbe: probe('readiness') }
  const known = { started: true, ready: true }
  const { log, probes, until } = observe(t, container, { readiness: '+' }, known)
  t.same(probes.health(), known)
  await until('readiness')
  t.notOk(log.includes('startup'))
})
