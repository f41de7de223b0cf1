import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

t.test('an image is run, found, explained and traced', async (t) => {
  const cluster = await makeLocalCluster(t, 2)
  const { own, ok } = cluster

  await t.test('run waits until all pods are available, and says where they are', async (t) => {
    const serve = 'while true; do sleep 1; done'
    const words = ['web', '--image=host', '--replicas=4', '--', 'sh', '-c', serve]
    const { code, stdout, stderr } = await own('myorch', 'run', ...words)
    t.equal(code, 0, stderr)
    t.match(stdout, /deployment web: 4 pods are Running after/)
    for (const node of [1, 2]) {
      const on = stdout.split('\n').filter((line) => line.startsWith(`  ${cluster.name}-${node} `))
      t.equal(on.length, 2, `two of them are on node ${node}`)
    }
    const port = await ok('get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}')
    t.match(stdout, new RegExp(`curl http://10\\.213\\.\\d+\\.\\d+:${port}\n`))
    t.match(await own('myorch', 'run', '--image=host', 'web'), {
      code: 1,
      stderr: /already exists/,
    })
  })

  await t.test('why: the decision, and nothing that holds it up', async (t) => {
    const pod = (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n')[0] ?? ''
    const { code, stdout } = await own('myorch', 'why', pod)
    t.equal(code, 0)
    t.match(stdout, /→ node .*2 of 2 nodes looked at/)
    t.match(stdout, /It is Running, and nothing holds it up/)
    const json = await own('myorch', 'why', pod, '-o', 'json')
    t.match(JSON.parse(json.stdout), { decision: { outcome: 'Scheduled' }, findings: [] })
  })

  await t.test('trace: one timeline from the write to the system calls', async (t) => {
    const { code, stdout } = await own('myorch', 'trace', 'deploy/web', '-o', 'json')
    t.equal(code, 0)
    const { objects, spans } = JSON.parse(stdout) as {
      objects: { kind: string }[]
      spans: { part: string; action: string; startedAt: number; object: { kind: string } }[]
    }
    const kinds = new Set(objects.map(({ kind }) => kind))
    for (const kind of ['Deployment', 'ReplicaSet', 'Pod', 'Service', 'EndpointSlice'])
      t.ok(kinds.has(kind), kind)
    t.match(spans[0], { part: 'api', action: /^create revision/, object: { kind: 'Deployment' } })
    const actions = spans.map(({ part, action }) => `${part}: ${action}`)
    for (const wanted of [
      /^replicaset-controller: reconcile/,
      /^scheduler: choose node/,
      /^node\/.*: mount volumes/,
      /^node\/.*: make sandbox/,
      /^node\/.*: create container web/,
      /^node\/.* shim: program of container web/,
      /^node\/.*: write status/,
    ])
      t.ok(
        actions.some((text) => wanted.test(text)),
        String(wanted),
      )
    const times = spans.map(({ startedAt }) => startedAt)
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
    )
    const text = await own('myorch', 'trace', 'service', 'web')
    t.match(text.stdout, /^service default\/web: \d+ objects/)
    t.match(await own('myorch', 'trace', 'deploy/none'), { code: 1, stderr: /not found/ })
    t.match(await own('myorch', 'trace', 'nothing/web'), { code: 1 })
  })

  await t.test('a pod that does not come is said to be so, and why', async (t) => {
    const words = ['held', '--image=host', '--port', '0', '--timeout', '3', '--env', 'A=b']
    const bad = await own('myorch', 'run', ...words, '--', '/no/such/program')
    t.not(bad.code, 0)
    t.match(bad.stderr, /CrashLoopBackOff|RunContainerError|StartError/)
    const pod = (await ok('get', 'pods', '-l', 'app=held', '-o', 'name')).split('\n')[0] ?? ''
    const why = await own('myorch', 'why', pod)
    t.match(why.stdout, /cause: /)
    t.match(why.stdout, /cure: {2}The image has no such program/)
  })
  t.strictSame(await cluster.remove(), [])
})
