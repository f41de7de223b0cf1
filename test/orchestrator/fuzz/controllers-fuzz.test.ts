import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { StatusError } from '../../../orchestrator/api/status-error.ts'
import { isObject } from '../../../orchestrator/api/object.ts'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import { startControllers } from '../../../orchestrator/controllers/start-controllers.ts'
import { makeDecisionLog } from '../../../orchestrator/scheduler/decision-log.ts'
import { startScheduler } from '../../../orchestrator/scheduler/start-scheduler.ts'
import { openApi } from '../server/api-under-test.ts'
import { damaged } from './damage.ts'
import { fuzzRounds, fuzzTimeout } from './fuzz-settings.ts'
import { makeObject, objectNames } from './make-object.ts'
import { pick } from '../../chaos/random.ts'

// Whatever the server takes, those who act on it survive: the controllers and the scheduler, on odd objects that come,
// change and go.

const acted = new Set([
  'Pod',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Service',
  'EndpointSlice',
  'Endpoints',
  'Node',
  'PodDisruptionBudget',
  'Namespace',
  'ServiceAccount',
  'ConfigMap',
  'ControllerRevision',
  'Lease',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'PriorityClass',
  'CSINode',
  'ResourceQuota',
  'LimitRange',
])
const user = { name: 'fuzz', groups: ['system:masters'] }

/** What a part may be told by the server; anything else is its own fault. */
function isRefusal(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof StatusError) return at.status.code < 500
  return false
}

t.test(
  'controllers and scheduler survive what the server takes',
  { timeout: fuzzTimeout },
  async (t) => {
    const { server, send } = await openApi(t)
    const { registry, schemas } = server.context
    const client = makeLocalClient(server, user)
    let seedNow = 0
    const problems = new Map<string, string>()
    const onProblem = (what: string, error: unknown): void => {
      if (isRefusal(error) || /is of no known kind/.test(String(error))) return
      const stack = error instanceof Error ? (error.stack ?? '') : String(error)
      problems.set(
        stack.split('\n').slice(0, 3).join(' '),
        `near seed ${seedNow}: ${what}: ${stack}`,
      )
    }
    const controllers = startControllers({ client, record: () => undefined, onProblem })
    t.teardown(() => controllers.stop())
    const scheduler = await startScheduler({
      client,
      record: () => undefined,
      informers: controllers.informers,
      decisions: makeDecisionLog(),
      onProblem,
      firstBackoff: 10,
      longestBackoff: 50,
    })
    t.teardown(() => scheduler.stop())
    await send('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other' },
    })
    const kinds = registry.all().filter(({ kind }) => acted.has(kind))
    let taken = 0
    for (const { seed, random } of fuzzRounds(1_500)) {
      seedNow = seed
      const kind = pick(random, kinds)
      const base = `${kind.group === '' ? '/api' : `/apis/${kind.group}`}/${kind.version}${kind.namespaced ? `/namespaces/${random() < 0.9 ? 'default' : 'other'}` : ''}/${kind.plural}`
      const name = pick(random, objectNames)
      const made = makeObject(random, schemas, kind, name)
      const object = random() < 0.1 ? (damaged(random, made) as JsonObject) : made
      const { code } =
        random() < 0.15
          ? await send(
              'DELETE',
              `${base}/${name}?propagationPolicy=${pick(random, ['Foreground', 'Background', 'Orphan'])}&gracePeriodSeconds=0`,
            )
          : await send('POST', base, object)
      if (code === 201) taken++
      if (code === 409 || (code === 201 && kind.kind === 'Node')) {
        const { metadata: _m, apiVersion: _a, kind: _k, ...rest } = object
        await send('PATCH', `${base}/${name}`, rest, {
          'content-type': 'application/merge-patch+json',
        })
        const status = isObject(rest['status']) ? { status: rest['status'] } : {}
        await send('PATCH', `${base}/${name}/status`, status, {
          'content-type': 'application/merge-patch+json',
        })
      }
      if (seed % 50 === 0) await delay(20)
    }
    await delay(500)
    t.ok(taken > 100, `${taken} objects were taken`)
    t.strictSame([...problems.values()], [])
  },
)
