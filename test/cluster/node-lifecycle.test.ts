import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../../orchestrator/api/object.ts'
import { startCluster } from './cluster-under-test.ts'

// How pods of a real node live and end: hooks, probes, grace, deadlines, what they share and what they may.

const podKind = { apiVersion: 'v1', kind: 'Pod' }
const at = (name: string) => ({ name, namespace: 'default' })

function pod(name: string, more: object): KubeObject {
  const spec = { nodeName: 'one', terminationGracePeriodSeconds: 1, ...more }
  return { ...podKind, metadata: at(name), spec }
}

const sh = (script: string, more: object = {}) => ({
  name: 'web',
  image: 'host',
  command: ['sh', '-c', script],
  ...more,
})
const sleeping = (more: object = {}) => sh('exec sleep 1000', more)

const isRunning = (object: KubeObject): boolean => object.status?.['phase'] === 'Running'
const statusOf = (object: KubeObject, name = 'web', field = 'containerStatuses') =>
  listAt(object, ['status', field]).find((it) => it['name'] === name)
const isEnded = (object: KubeObject): boolean =>
  ['Succeeded', 'Failed'].includes(textAt(object, ['status', 'phase']) ?? '')
const lastWords = (object: KubeObject, name = 'web') =>
  textAt(statusOf(object, name), ['state', 'terminated', 'message'])

t.test('hooks, probes and ends', async (t) => {
  const cluster = await startCluster(t, { firstBackOff: 100 })
  const { client, until, untilGone } = cluster
  const eventsOf = async (name: string): Promise<string[]> =>
    (await client.list({ apiVersion: 'v1', kind: 'Event' })).items
      .filter((event) => textAt(event, ['involvedObject', 'name']) === name)
      .map((event) => String(event['reason']))

  t.test('a liveness probe that fails starts the container again', async (t) => {
    const probe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 }
    await client.create(pod('live', { containers: [sleeping({ livenessProbe: probe })] }))
    const again = await until(
      podKind,
      at('live'),
      (object) => (numberAt(statusOf(object), ['restartCount']) ?? 0) >= 1,
    )
    t.match(statusOf(again), { lastState: { terminated: { exitCode: 137 } } })
    const reasons = await eventsOf('live')
    for (const reason of ['Unhealthy', 'Killing']) t.ok(reasons.includes(reason), reason)
  })

  t.test('a postStart hook that fails ends the container', async (t) => {
    const lifecycle = { postStart: { exec: { command: ['false'] } } }
    await client.create(
      pod('hook', { restartPolicy: 'Never', containers: [sleeping({ lifecycle })] }),
    )
    await until(podKind, at('hook'), isEnded)
    t.ok((await eventsOf('hook')).includes('FailedPostStartHook'))
  })

  t.test('a preStop hook runs before the signal', async (t) => {
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', 'echo hook >> /v/order'] } } }
    const web = sh('trap "echo term >> /v/order; exit 0" TERM; while :; do sleep 0.05; done', {
      lifecycle,
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    })
    const folder = t.testdir({})
    const volumes = [{ name: 'v', hostPath: { path: folder } }]
    await client.create(
      pod('stop', { terminationGracePeriodSeconds: 5, containers: [web], volumes }),
    )
    await until(podKind, at('stop'), isRunning)
    await client.delete(podKind, at('stop'))
    await untilGone(podKind, at('stop'))
    t.equal(execFileSync('cat', [`${folder}/order`]).toString(), 'hook\nterm\n')
  })

  t.test('who does not listen is killed when the time is over', async (t) => {
    const web = sh('trap "" TERM; while :; do sleep 0.05; done')
    await client.create(pod('deaf', { containers: [web] }))
    await until(podKind, at('deaf'), isRunning)
    const begun = Date.now()
    await client.delete(podKind, at('deaf'))
    await untilGone(podKind, at('deaf'))
    const seconds = (Date.now() - begun) / 1000
    t.ok(seconds >= 1 && seconds < 5, `${seconds} s`)
  })

  t.test('a deadline', async (t) => {
    await client.create(pod('late', { activeDeadlineSeconds: 1, containers: [sleeping()] }))
    const ended = await until(podKind, at('late'), isEnded)
    t.match(ended.status, { phase: 'Failed', reason: 'DeadlineExceeded' })
  })

  t.test('what was missing comes, and the container starts', async (t) => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'later', key: 'a' } } }]
    await client.create(pod('config', { containers: [sleeping({ env })] }))
    await until(
      podKind,
      at('config'),
      (object) =>
        textAt(statusOf(object), ['state', 'waiting', 'reason']) === 'CreateContainerConfigError',
    )
    await client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: at('later'),
      data: { a: '1' },
    })
    t.ok(await until(podKind, at('config'), isRunning))
  })

  t.test('a pod that cannot start yet can be deleted', async () => {
    // Nobody answers there, and nobody refuses.
    const image = '198.18.0.1/slow:1'
    await client.create(pod('slow', { containers: [sleeping({ image })] }))
    await until(podKind, at('slow'), (object) => statusOf(object) !== undefined)
    await client.delete(podKind, at('slow'), { gracePeriodSeconds: 0 })
    await client.delete(podKind, at('config'))
    await untilGone(podKind, at('slow'))
  })
})

t.test('what containers share and what they may', async (t) => {
  const { client, until, untilGone } = await startCluster(t)
  const say = (script: string): string => `( ${script} ) > /dev/termination-log 2>&1`
  const rows: readonly [string, object, object, RegExp][] = [
    [
      'a user',
      { securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000 } },
      sh(say('id -u; id -g; id -G')),
      /^1000\n2000\n2000 3000\n/,
    ],
    [
      'no capability',
      {},
      sh(say('grep CapEff /proc/self/status'), {
        securityContext: { capabilities: { drop: ['ALL'] } },
      }),
      /CapEff:\s0{16}/,
    ],
    [
      'no new privileges',
      {},
      sh(say('grep NoNewPrivs /proc/self/status'), {
        securityContext: { allowPrivilegeEscalation: false },
      }),
      /NoNewPrivs:\s1/,
    ],
    [
      'a root that cannot be written to',
      {},
      sh(say('touch /x'), { securityContext: { readOnlyRootFilesystem: true } }),
      /Read-only file system/,
    ],
    [
      'the network of the node',
      { hostNetwork: true },
      sh(say('grep mot /proc/net/dev')),
      /mot\d+-/,
    ],
    [
      'a host name',
      { hostname: 'db-0', subdomain: 'db' },
      sh(say('hostname; cat /etc/hosts')),
      /^db-0\n[^]*db-0\.db\.default\.svc\.cluster\.local/,
    ],
    [
      'sysctls of the pod',
      {
        securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
      },
      sh(say('cat /proc/sys/net/ipv4/ip_unprivileged_port_start')),
      /^0\n/,
    ],
    [
      'the group of its class',
      {},
      sh(say('cat /proc/1/cpuset; cat /proc/self/oom_score_adj')),
      /\n1000\n/,
    ],
    ['a folder to work in', {}, sh(say('pwd'), { workingDir: '/usr' }), /^\/usr\n/],
  ]
  for (const [title, spec, container, expected] of rows)
    t.test(title, async (t) => {
      const name = title.replaceAll(' ', '-')
      await client.create(pod(name, { restartPolicy: 'Never', ...spec, containers: [container] }))
      t.match(lastWords(await until(podKind, at(name), isEnded)), expected)
      await client.delete(podKind, at(name))
    })

  t.test('root where it must not be', async (t) => {
    const securityContext = { runAsNonRoot: true }
    await client.create(pod('root', { securityContext, containers: [sleeping()] }))
    const seen = await until(
      podKind,
      at('root'),
      (object) =>
        textAt(statusOf(object), ['state', 'waiting', 'reason']) === 'CreateContainerConfigError',
    )
    t.match(valueAt(statusOf(seen), ['state', 'waiting', 'message']), /runAsNonRoot/)
  })

  t.test('processes', async (t) => {
    const other = { ...sh(say('sleep 0.2; ps ax')), name: 'other' }
    const web = sh('exec sleep 4321')
    await client.create(
      pod('shared', {
        restartPolicy: 'Never',
        shareProcessNamespace: true,
        containers: [web, other],
      }),
    )
    const seen = await until(
      podKind,
      at('shared'),
      (object) => lastWords(object, 'other') !== undefined,
    )
    t.match(lastWords(seen, 'other'), /sleep 4321/)
    t.ok(valueAt(statusOf(seen), ['state', 'running']), 'the other one goes on')
    await client.delete(podKind, at('shared'))
    await untilGone(podKind, at('shared'))
  })

  t.test('a container that is added to look around', async (t) => {
    await client.create(pod('debug', { containers: [sleeping()] }))
    await until(podKind, at('debug'), isRunning)
    const first = say("hostname; tr '\\0' ' ' </proc/1/cmdline")
    const ephemeralContainers = [
      { ...sh(first), name: 'look', targetContainerName: 'web' },
      { ...sh('true'), name: 'lost', targetContainerName: 'nobody' },
    ]
    const patch = { spec: { ephemeralContainers } }
    await client.patch(podKind, at('debug'), 'strategic', patch, 'ephemeralcontainers')
    const field = 'ephemeralContainerStatuses'
    const seen = await until(
      podKind,
      at('debug'),
      (object) => valueAt(statusOf(object, 'look', field), ['state', 'terminated']) !== undefined,
    )
    t.match(
      valueAt(statusOf(seen, 'look', field), ['state', 'terminated', 'message']),
      /^debug\nsleep 1000 /,
      'it sees the processes of the one that it names',
    )
    const waits = (object: KubeObject): unknown =>
      valueAt(statusOf(object, 'lost', field), ['state', 'waiting'])
    const lost = await until(podKind, at('debug'), (object) =>
      JSON.stringify(waits(object) ?? '').includes('unable to find'),
    )
    t.match(waits(lost), {
      reason: 'CreateContainerConfigError',
      message: 'unable to find target container nobody',
    })
    t.ok(isRunning(seen))
  })
})

t.test('a volume that outgrows its limit ends the pod', async (t) => {
  const { client, until } = await startCluster(t, { refreshSeconds: 0.2 })
  const volumes = [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }]
  const volumeMounts = [{ name: 'v', mountPath: '/v' }]
  const script = 'head -c 2000000 /dev/zero > /v/large; exec sleep 1000'
  await client.create(pod('large', { volumes, containers: [sh(script, { volumeMounts })] }))
  const ended = await until(podKind, at('large'), isEnded)
  t.match(ended.status, {
    phase: 'Failed',
    reason: 'Evicted',
    message: /"v" exceeds the limit "1Mi"/,
  })
})

t.test('the control group of a pod goes with it', async (t) => {
  const { client, until, untilGone } = await startCluster(t)
  await client.create(pod('group', { containers: [sleeping()] }))
  const { metadata } = await until(podKind, at('group'), isRunning)
  const groups = (): string[] =>
    readdirSync('/sys/fs/cgroup', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `/sys/fs/cgroup/${name}/kubepods/besteffort/pod${metadata.uid}`)
      .concat(`/sys/fs/cgroup/kubepods/besteffort/pod${metadata.uid}`)
      .filter((path) => existsSync(path))
  t.not(groups().length, 0)
  await client.delete(podKind, at('group'))
  await untilGone(podKind, at('group'))
  t.strictSame(groups(), [])
})
