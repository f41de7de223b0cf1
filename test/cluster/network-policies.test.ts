import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

t.test('network policies between pods of two nodes', async (t) => {
  const cluster = await makeLocalCluster(t, 2)
  const node = (number: number) => `${cluster.name}-${number}`
  const pod = (name: string, at: number, labels: object, script = 'sleep 1000') => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      nodeName: node(at),
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'a',
          image: 'host',
          command: ['sh', '-c', script],
          ports: [{ name: 'web', containerPort: 8080 }],
        },
      ],
    },
  })
  const serve = 'busybox httpd -p 0.0.0.0:8080; busybox httpd -p 0.0.0.0:9090; sleep 1000'
  await cluster.apply(pod('server', 1, { app: 'server' }, serve))
  await cluster.apply(pod('near', 1, { role: 'near' }))
  await cluster.apply(pod('far', 2, { role: 'far' }))
  await cluster.ok('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=30s')
  const address = await cluster.ok('get', 'pod', 'server', '-o', 'jsonpath={.status.podIP}')

  const reaches = async (client: string, port: number): Promise<boolean> => {
    const script = `timeout 1 bash -c 'exec 3<>/dev/tcp/${address}/${port}'`
    return (await cluster.kubectl(['exec', client, '--', 'sh', '-c', script])).code === 0
  }
  /** Policies are in force a moment after they are written. */
  const until = async (client: string, port: number, expected: boolean): Promise<boolean> => {
    const deadline = performance.now() + 15_000
    while ((await reaches(client, port)) !== expected) {
      if (performance.now() > deadline) return false
    }
    return true
  }
  const check = async (...rows: readonly (readonly [string, number, boolean])[]) => {
    for (const [client, port, expected] of rows)
      t.ok(await until(client, port, expected), `${client} to ${port}: ${expected}`)
  }
  const policy = (name: string, spec: object) =>
    cluster.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name },
      spec,
    })

  await check(['near', 8080, true], ['far', 8080, true], ['far', 9090, true])
  await policy('closed', { podSelector: { matchLabels: { app: 'server' } } })
  await check(['near', 8080, false], ['far', 8080, false], ['server', 8080, true])

  await policy('near-only', {
    podSelector: { matchLabels: { app: 'server' } },
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { role: 'near' } } }],
        ports: [{ port: 'web' }],
      },
    ],
  })
  await check(['near', 8080, true], ['near', 9090, false], ['far', 8080, false])

  // One more pod that the selector finds.
  await cluster.ok('label', 'pod', 'far', 'role=near', '--overwrite')
  await check(['far', 8080, true], ['far', 9090, false])

  await policy('quiet', {
    podSelector: { matchLabels: { role: 'near' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [`${address}/32`] } }] }],
  })
  await check(['near', 8080, false], ['far', 8080, false])
  await cluster.ok('delete', 'networkpolicy', 'quiet')
  await check(['near', 8080, true])

  await policy('range', {
    podSelector: {},
    ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 9000, endPort: 9100 }] }],
  })
  await check(['near', 9090, true], ['far', 9090, true])
  await cluster.ok('delete', 'networkpolicy', '--all')
  await check(['near', 9090, true], ['far', 8080, true])
  t.strictSame(await cluster.remove(), [])
})
