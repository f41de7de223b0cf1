import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { makeLocalClient } from '../../../orchestrator/client/local-client.ts'
import { startControllers } from '../../../orchestrator/controllers/start-controllers.ts'
import { openApi } from '../server/api-under-test.ts'

// Numbers that nobody means: whoever writes them gets as many pods as fit through, and everybody else is served
// meanwhile.

const most = 2 ** 31 - 1
const mostCpuMs = 3_000
const template = {
  metadata: { labels: { a: 'b' } },
  spec: { restartPolicy: 'Always', containers: [{ name: 'c', image: 'x' }] },
}
const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } }
const selector = { matchLabels: { a: 'b' } }

const rows: readonly { title: string; resource: string; object: object }[] = [
  {
    title: 'a replica set',
    resource: 'apps/v1/namespaces/default/replicasets',
    object: {
      kind: 'ReplicaSet',
      apiVersion: 'apps/v1',
      spec: { replicas: most, selector, template },
    },
  },
  {
    title: 'a deployment',
    resource: 'apps/v1/namespaces/default/deployments',
    object: {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      spec: { replicas: most, selector, template },
    },
  },
  {
    title: 'a stateful set',
    resource: 'apps/v1/namespaces/default/statefulsets',
    object: {
      kind: 'StatefulSet',
      apiVersion: 'apps/v1',
      spec: { replicas: most, serviceName: 's', selector, template },
    },
  },
  {
    title: 'a parallel stateful set',
    resource: 'apps/v1/namespaces/default/statefulsets',
    object: {
      kind: 'StatefulSet',
      apiVersion: 'apps/v1',
      spec: {
        replicas: most,
        serviceName: 's',
        podManagementPolicy: 'Parallel',
        selector,
        template,
      },
    },
  },
  {
    title: 'a stateful set with a far first number',
    resource: 'apps/v1/namespaces/default/statefulsets',
    object: {
      kind: 'StatefulSet',
      apiVersion: 'apps/v1',
      spec: { replicas: most, serviceName: 's', ordinals: { start: most }, selector, template },
    },
  },
  {
    title: 'a job',
    resource: 'batch/v1/namespaces/default/jobs',
    object: {
      kind: 'Job',
      apiVersion: 'batch/v1',
      spec: { parallelism: most, completions: most, template: once },
    },
  },
  {
    title: 'an indexed job',
    resource: 'batch/v1/namespaces/default/jobs',
    object: {
      kind: 'Job',
      apiVersion: 'batch/v1',
      spec: {
        parallelism: 100_000,
        completions: 100_000,
        completionMode: 'Indexed',
        backoffLimitPerIndex: 1,
        template: once,
      },
    },
  },
  {
    title: 'an indexed job of all numbers',
    resource: 'batch/v1/namespaces/default/jobs',
    object: {
      kind: 'Job',
      apiVersion: 'batch/v1',
      spec: { parallelism: 3, completions: most, completionMode: 'Indexed', template: once },
    },
  },
]

for (const { title, resource, object } of rows)
  t.test(title, { timeout: 60_000 }, async (t) => {
    const { server, send } = await openApi(t)
    const client = makeLocalClient(server, { name: 'fuzz', groups: ['system:masters'] })
    const problems: string[] = []
    const controllers = startControllers({
      client,
      record: () => undefined,
      onProblem: (what, error) => problems.push(`${what}: ${String(error)}`),
    })
    t.teardown(() => controllers.stop())
    const { code, body } = await send('POST', `/apis/${resource}`, {
      ...object,
      metadata: { name: 'vast' },
    })
    if (code === 422) return void t.pass(String(body['message']))
    t.equal(code, 201)
    let longest = 0
    for (let turn = 0; turn < 20; turn++) {
      const start = process.cpuUsage()
      await delay(10)
      longest = Math.max(longest, process.cpuUsage(start).user / 1000)
    }
    t.ok(longest < mostCpuMs, 'others get their turn', { longest })
    const { body: list } = await send('GET', '/api/v1/namespaces/default/pods?limit=1')
    t.comment(
      `${longest} ms, ${JSON.stringify((list['metadata'] as Record<string, unknown>)['remainingItemCount'])} more pods`,
    )
    t.strictSame(problems, [])
  })
