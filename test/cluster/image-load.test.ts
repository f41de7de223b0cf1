import { join } from 'node:path'
import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

const patience = '20s'

t.test('images of this machine come to all nodes of a cluster', async (t) => {
  const cluster = await makeLocalCluster(t, 2)
  const { own, ok, folder, env } = cluster
  // Images of this test's own machine, as it were.
  env['MYCONTAINER_ROOT'] = join(folder, 'machine')
  const made = await own('myimage', 'from-host', '-q', '-t', 'tools:v1', 'sleep')
  t.equal(made.code, 0, made.stderr)
  const inCluster = ['--cluster', cluster.name]

  const loaded = await own('myorch', 'image', 'load', 'tools:v1', ...inCluster)
  t.match(loaded, { code: 0, stdout: 'docker.io/library/tools:v1\n' })
  await ok('run', 'loaded', '--image=tools:v1', '--image-pull-policy=Never', '--', 'sleep', '1000')
  await ok('wait', 'pod/loaded', '--for=condition=Ready', `--timeout=${patience}`)

  const archive = join(folder, 'tools.tar')
  await own('myimage', 'tag', 'tools:v1', 'tools:v2')
  await own('myimage', 'save', '-o', archive, 'tools:v2')
  const fromFile = await own('myorch', 'image', 'load', archive, ...inCluster)
  t.match(fromFile, { code: 0, stdout: 'docker.io/library/tools:v2\n' })

  const pushed = await own('myorch', 'image', 'push-in', 'tools:v1', ...inCluster)
  t.match(pushed, { code: 0, stdout: /^10\.213\.\d+\.1:5000\/tools:v1\n$/ })
  const image = pushed.stdout.trim()
  await ok('run', 'pulled', `--image=${image}`, '--image-pull-policy=Always', '--', 'sleep', '1000')
  await ok('wait', 'pod/pulled', '--for=condition=Ready', `--timeout=${patience}`)
  const events = await ok('get', 'events', '-o', 'custom-columns=R:.reason,M:.message')
  t.match(events, `Successfully pulled image "${image}"`)

  t.match(await own('myorch', 'image', 'load', 'no-such', ...inCluster), {
    code: 1,
    stderr: /reference=no-such/,
  })
  t.match(await own('myorch', 'image', 'load', 'tools:v1', '--cluster', 'none'), { code: 1 })
  t.strictSame(await cluster.remove(), [])
})
