import { join } from 'node:path'
import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'
import type { LocalCluster } from './local-cluster.ts'

// The eight failures that everybody meets first, each as `kubectl get` and `kubectl describe` show it.

interface Failure {
  readonly title: string
  /** In examples/classic-failures. */
  readonly name: string
  /** What to wait for: a path in the pod, and its value. */
  readonly until: string
  /** The pod's line in `kubectl get pods`, after its name. */
  readonly line: RegExp
  /** In `kubectl describe pod`. */
  readonly described: readonly RegExp[]
}

const manifests = join(import.meta.dirname, '../../examples/classic-failures')

const waitingFor = (reason: string): string =>
  `{.status.containerStatuses[0].state.waiting.reason}=${reason}`

const failures: readonly Failure[] = [
  {
    title: 'ImagePullBackOff',
    name: 'image',
    until: waitingFor('ImagePullBackOff'),
    line: /0\/1 +ImagePullBackOff +0 /,
    described: [
      /Reason: +ImagePullBackOff/,
      /Normal +Pulling .* Pulling image "127.0.0.1:9\/no\/such:1"/,
      /Warning +Failed .* Failed to pull image "127.0.0.1:9\/no\/such:1": /,
      /Warning +Failed .* Error: ErrImagePull/,
      /Normal +BackOff .* Back-off pulling image "127.0.0.1:9\/no\/such:1"/,
      /Warning +Failed .* Error: ImagePullBackOff/,
    ],
  },
  {
    title: 'CrashLoopBackOff',
    name: 'crash',
    until: waitingFor('CrashLoopBackOff'),
    line: /0\/1 +CrashLoopBackOff +\d+ /,
    described: [
      /State: +Waiting\n +Reason: +CrashLoopBackOff/,
      /Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3/,
      /Warning +BackOff .* Back-off restarting failed container c in pod crash_default/,
    ],
  },
  {
    title: 'Pending, since no node has that many processors',
    name: 'large',
    until: '{.status.conditions[?(@.type=="PodScheduled")].reason}=Unschedulable',
    line: /0\/1 +Pending +0 /,
    described: [
      /PodScheduled +False/,
      /Warning +FailedScheduling .* default-scheduler +0\/1 nodes are available: 1 Insufficient cpu\. preemption: 0\/1 nodes are available: 1 Preemption is not helpful for scheduling\./,
    ],
  },
  {
    title: 'OOMKilled',
    name: 'memory',
    until: '{.status.containerStatuses[0].state.terminated.reason}=OOMKilled',
    line: /0\/1 +OOMKilled +0 /,
    described: [/Reason: +OOMKilled\n +Exit Code: +137\n +Started:/, /Limits:\n +memory: +40Mi/],
  },
  {
    title: 'CreateContainerConfigError',
    name: 'config',
    until: waitingFor('CreateContainerConfigError'),
    line: /0\/1 +CreateContainerConfigError +0 /,
    described: [
      /Reason: +CreateContainerConfigError/,
      /Warning +Failed .* Error: configmap "none" not found/,
    ],
  },
  {
    title: 'a readiness probe that fails',
    name: 'unready',
    until: '{.status.containerStatuses[0].started}=true',
    line: /0\/1 +Running +0 /,
    described: [
      /Ready +False/,
      /Warning +Unhealthy .* Readiness probe failed: Get "http:\/\/10\.244\.\d+\.\d+:8080\/": dial tcp 10\.244\.\d+\.\d+:8080: connect: connection refused/,
    ],
  },
  {
    title: 'a name that the cluster does not know',
    name: 'lookup',
    until: '{.status.phase}=Failed',
    line: /0\/1 +Error +0 /,
    // What getent ends with when a name is not found.
    described: [/Reason: +Error\n +Exit Code: +2/],
  },
]

/** Events come a little after the status that they tell of. */
async function describeUntil(
  cluster: LocalCluster,
  name: string,
  wanted: readonly RegExp[],
): Promise<string> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const text = await cluster.ok('describe', 'pod', name)
    if (wanted.every((pattern) => pattern.test(text)) || Date.now() > deadline) return text
  }
}

t.test('the classic failures', async (t) => {
  const cluster = await makeLocalCluster(t, 1)
  const { ok } = cluster
  await ok('apply', '-f', manifests)

  for (const { title, name, until, line, described } of failures)
    await t.test(title, async (t) => {
      await ok('wait', '--timeout=30s', `--for=jsonpath=${until}`, `pod/${name}`)
      t.match(await ok('get', 'pods', name, '--no-headers'), line)
      const text = await describeUntil(cluster, name, described)
      for (const pattern of described) t.match(text, pattern)
    })

  await t.test('a service without endpoints', async (t) => {
    await ok('create', 'service', 'clusterip', 'nobody', '--tcp=80:8080')
    // The only pod of the other is there and never ready.
    for (const name of ['nobody', 'unready'])
      t.match(await ok('describe', 'service', name), /Endpoints: *(<none>)?\n/, name)
    t.match(
      await ok('get', 'endpoints', 'nobody', '--no-headers'),
      /^nobody +<none> /,
      'kubectl get endpoints',
    )
  })

  t.strictSame(await cluster.remove(), [], 'nothing is left of the cluster')
})
