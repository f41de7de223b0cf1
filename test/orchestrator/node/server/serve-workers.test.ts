import { join } from 'node:path'
import t from 'tap'
import { requireLog } from '../../../../orchestrator/node/logs/log-status.ts'
import type { ContainerFacts, ContainerRun } from '../../../../orchestrator/node/pod-containers.ts'
import { serveWorkers } from '../../../../orchestrator/node/server/serve-workers.ts'
import { openContext } from '../../../../runtime/container/open-engine.ts'
import { podWith } from '../pod-fixture.ts'

const run = (attempt: number, isRunning: boolean): ContainerRun => ({
  id: `id-${attempt}`,
  attempt,
  imageId: '',
  isRunning,
  exitCode: isRunning ? 0 : 1,
  reason: isRunning ? '' : 'Error',
  message: '',
})

const backOff = { reason: 'CrashLoopBackOff', message: 'back-off' }

const cases: {
  name: string
  facts: ContainerFacts
  /** Number in the name of the file; absent: there is none to show. */
  log?: number
  previous?: number
}[] = [
  { name: 'nothing was started', facts: {} },
  { name: 'the first runs', facts: { current: run(0, true) }, log: 0 },
  {
    name: 'the second runs',
    facts: { current: run(1, true), previous: run(0, false) },
    log: 1,
    previous: 0,
  },
  {
    name: 'the second ended and waits for the third',
    facts: { current: run(1, false), previous: run(0, false), waiting: backOff },
    log: 1,
    previous: 1,
  },
  { name: 'it has ended for good', facts: { current: run(0, false) }, log: 0 },
]

for (const { name, facts, log, previous } of cases)
  t.test(`logs where ${name}`, async (t) => {
    const folder = t.testdir()
    const pod = podWith({ containers: [{ name: 'web' }] })
    const context = openContext(folder, process.env)
    const served = serveWorkers({
      context,
      nodeName: 'dev-1',
      folder,
      logsFolder: '/logs',
      workers: () => [{ pod, facts: () => facts }],
    })
    const [shown] = served.pods()
    for (const [wanted, wantsPrevious] of [
      [log, false],
      [previous, true],
    ] as const) {
      const check = (): void => requireLog(shown!, 'web', wantsPrevious)
      if (wanted === undefined) t.throws(check)
      else {
        check()
        const path = served.container(pod, 'web', wantsPrevious)?.logPath
        const { metadata } = pod
        const own = `${metadata.namespace}_${metadata.name}_${metadata.uid}`
        t.equal(path, join('/logs', own, 'web', `${wanted}.log`))
      }
    }
  })
