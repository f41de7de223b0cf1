import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

interface Row {
  readonly title: string
  readonly container: object
  /** What kubectl shows of it, once it has come so far. */
  readonly shown: string
  readonly state: string
  readonly cure: RegExp
}

const rows: readonly Row[] = [
  {
    title: 'no-map',
    container: { command: ['sleep', '100'], envFrom: [{ configMapRef: { name: 'nope' } }] },
    shown: '{.status.containerStatuses[0].state.waiting.reason}=CreateContainerConfigError',
    state: 'CreateContainerConfigError',
    cure: /kubectl create configmap nope/,
  },
  {
    title: 'no-image',
    container: { image: 'no-such:v1', imagePullPolicy: 'Never' },
    shown: '{.status.containerStatuses[0].state.waiting.reason}=ErrImageNeverPull',
    state: 'ErrImageNeverPull',
    cure: /myorch image load no-such:v1/,
  },
  {
    title: 'crash',
    container: { command: ['sh', '-c', 'exit 3'] },
    shown: '{.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff',
    state: 'CrashLoopBackOff',
    cure: /kubectl logs --previous crash/,
  },
  {
    title: 'too-big',
    container: { resources: { requests: { memory: '900Gi' } } },
    shown: '{.status.conditions[0].reason}=Unschedulable',
    state: 'Unschedulable',
    cure: /./,
  },
  {
    title: 'unready',
    container: {
      command: ['sleep', '100'],
      readinessProbe: { exec: { command: ['false'] }, periodSeconds: 1 },
    },
    shown: '{.status.phase}=Running',
    state: 'NotReady',
    cure: /kubectl logs unready/,
  },
]

t.test('why a pod does not run, and what would help', async (t) => {
  const cluster = await makeLocalCluster(t, 1)
  for (const { title, container } of rows)
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: title },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'host', ...container }],
      },
    })
  for (const { title, shown, state, cure } of rows)
    await t.test(title, async (t) => {
      await cluster.ok('wait', `pod/${title}`, `--for=jsonpath=${shown}`, '--timeout=20s')
      const { code, stdout, stderr } = await cluster.own(
        'myorch',
        'why',
        `pod/${title}`,
        '-o',
        'json',
      )
      t.equal(code, 0, stderr)
      const { findings } = JSON.parse(stdout) as { findings: object[] }
      t.match(findings, [{ state, cause: /./, cure }])
      t.match((await cluster.own('myorch', 'why', 'pod', title)).stdout, state)
    })
  t.match(await cluster.own('myorch', 'why', 'pod/none'), { code: 1, stderr: /not found/ })
  t.match(await cluster.own('myorch', 'why', 'node/none'), { stderr: /"none" not found/ })
  t.strictSame(await cluster.remove(), [])
})
