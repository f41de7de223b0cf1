import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ordinaryUser } from '../integration/ordinary-user.ts'
import { makeLocalCluster } from './local-cluster.ts'

// What people type at clusters of their machine, and mistype.

t.test('the commands of clusters', async (t) => {
  const cluster = await makeLocalCluster(t, 1)
  const { own, name, folder } = cluster
  const record = (of: string): string => join(folder, 'myorch/clusters', of)

  const refused: readonly [title: string, words: string, code: number, message: RegExp][] = [
    ['nothing', '', 2, /^Usage: myorch [^]*\n$/],
    ['a command that is none', 'clutser', 2, /unknown command 'clutser'\n\(Did you mean cluster\?/],
    ['a cluster twice', `cluster create ${name}`, 1, /myorch cluster start NAME/],
    ['two names', 'cluster create a --name b', 2, /word=a name=b/],
    ['half a node', 'cluster create a --nodes 1.5', 2, /whole number/],
    ['a name that cannot be', 'cluster create A_b', 1, /small letters/],
    ['a cluster that is not there', 'cluster delete none', 1, /There are: NAME\n/],
    ['the usual cluster, which is not there', 'cluster stop', 1, /name=dev/],
    ['a node that is not there', 'node kill dev-2', 1, /There are: NAME-1\n/],
    ['an image that is not there', 'image load none:1', 1, /myimage ls/],
    ['an image that cannot be', 'run --image=a:::', 1, /tag is malformed/],
    ['how many', 'run --image=host --replicas=many', 2, /--replicas/],
    ['why of what has no pods', `why node/${name}-1`, 1, /like deployment\/web/],
    ['trace of no kind', 'trace foo/bar', 1, /find the kind/],
    ['another kubeconfig', 'get pods --kubeconfig /none', 1, /myorch cluster create/],
  ]
  for (const [title, words, code, message] of refused)
    await t.test(title, async (t) => {
      const result = await own('myorch', ...words.split(' ').filter((word) => word !== ''))
      t.equal(result.code, code, result.stderr)
      t.match(result.stderr, new RegExp(message.source.replaceAll('NAME', name)))
      t.equal(result.stdout, '')
    })

  await t.test('a second one, by its word, is the one that is meant from then on', async (t) => {
    const other = `${name}b`
    t.teardown(() => own('myorch', 'cluster', 'delete', other))
    const words = ['cluster', 'create', other, '--nodes', '1', '--node-monitor-grace', '3']
    const made = await own('myorch', ...words)
    t.match(made, {
      code: 0,
      stdout: `cluster ${other}: 1 node is Ready; kubectl's context is myorch-${other}\n`,
    })
    const listed = await own('myorch', 'cluster', 'ls')
    t.match(listed.stdout, new RegExp(`^NAME .*\n${name} +running +1/1 .*\n${other} +running`))
    await own('myimage', 'from-host', 'sleep', '-t', 'localhost/sleeper:v1')
    const run = ['run', '--image=localhost/sleeper:v1', '--port=0', '--', 'sleep', '1000']
    t.match(await own('myorch', ...run), {
      code: 0,
      stdout: new RegExp(`deployment sleeper: 1 pod is Running .*\n  ${other}-1 `),
      stderr: /the nodes have it now/,
    })
    t.match(
      (await own('myorch', 'why', 'deploy/sleeper')).stdout,
      /^pod default\/sleeper-\S+ → node /,
    )
    t.match(await own('myorch', 'node', 'kill', `${other}-1`), { code: 0, stdout: `${other}-1\n` })
    t.match(await own('myorch', 'cluster', 'node', 'add', `${other}-1`), { code: 0 })
    const removed = await own('myorch', 'cluster', 'delete', '--name', other)
    t.match(removed, { code: 0, stdout: `${other}\n` })
    t.notOk(existsSync(record(other)))
    t.equal((await cluster.kubectl(['config', 'use-context', `myorch-${name}`])).code, 0)
  })

  await t.test('of a cluster that does not come up nothing stays', async (t) => {
    const broken = `${name}c`
    // A file where its nodes look for the folders of their images.
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const words = ['cluster', 'create', broken, '--nodes', '1', '--image-root', file]
    const made = await own('myorch', ...words)
    t.equal(made.code, 1, made.stdout)
    t.match(made.stderr, new RegExp(`start .* of the cluster`))
    t.notOk(existsSync(record(broken)))
  })

  await t.test('images may be kept where nothing is yet', async (t) => {
    const fresh = `${name}d`
    const place = ['--image-root', join(folder, 'not/yet')]
    t.match(await own('myorch', 'cluster', 'create', fresh, '--nodes', '1', ...place), { code: 0 })
    t.match(await own('myorch', 'cluster', 'delete', fresh), { code: 0 })
  })

  await t.test('nor are ordinary users left to guess', async (t) => {
    const { exitCode, stderr } = await ordinaryUser(t, false).shell('myorch cluster create')
    t.equal(exitCode, 1)
    t.match(stderr, /for root: try again with "sudo"/)
  })

  t.strictSame(await cluster.remove(), [], 'nothing is left of the cluster')
})
