import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// podman's pods.

t.setTimeout(60_000)
const { ok, run, folder } = commandBench(t)
const show = async (template: string, pod = 'web'): Promise<unknown> =>
  JSON.parse(await ok('pod', 'inspect', '-f', `{{json ${template}}}`, pod))
const list = (template: string): Promise<string> => ok('pod', 'ps', '--format', template)

t.test('made, joined, stopped, started, removed', async (t) => {
  const file = join(folder, 'pod-id')
  const id = await ok(
    'pod',
    'create',
    '--pod-id-file',
    file,
    '-l',
    'a=b',
    '--network',
    'none',
    'web',
  )
  t.equal(readFileSync(file, 'utf8'), id)
  t.equal(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'web Created 1')
  const sleep = ['host', 'sleep', '1000']
  await ok('run', '-d', '--pod', 'web', '--stop-timeout', '0', '--name', 'one', ...sleep)
  await ok('create', '--pod-id-file', file, '--stop-timeout', '0', '--name', 'two', ...sleep)
  t.equal(await show('.State'), 'Degraded')
  await ok('pod', 'start', id.slice(0, 10))
  t.match(await show('.'), { State: 'Running', Id: id, Labels: { a: 'b' }, NumContainers: 3 })
  const namespaces = (name: string) =>
    ok(
      'exec',
      name,
      '/bin/sh',
      '-c',
      'hostname; readlink /proc/1/ns/net /proc/1/ns/ipc /proc/1/ns/pid',
    )
  const [one, two] = await Promise.all([namespaces('one'), namespaces('two')])
  const [name, net, ipc, pid] = one.split('\n')
  t.match(two.split('\n'), [name, net, ipc, /^pid:/])
  t.equal(name, 'web')
  t.not(two.split('\n')[3], pid, 'processes are not shared unless asked for')
  t.equal(
    await ok('ps', '--filter', 'pod=web', '--format', '{{.Names}} {{.PodName}}'),
    'two web\none web\nweb-infra web',
  )
  t.match(await run('rm', '-f', 'web-infra'), { exitCode: 125, stderr: /pod rm web/ })
  t.match(await run('pod', 'rm', 'web'), { exitCode: 125 })
  for (const member of ['one', 'two'])
    await ok('exec', member, '/bin/sh', '-c', `echo from ${member} > /proc/1/fd/1`)
  t.equal(await ok('pod', 'logs', '--names', 'web'), 'one from one\ntwo from two')
  t.match(await ok('logs', 'one', 'two'), /^[0-9a-f]{12} from one\n[0-9a-f]{12} from two$/)
  t.equal(await ok('pod', 'logs', '-c', 'two', 'web'), 'from two')
  t.equal(await ok('ps', '--sort', 'names', '--format', '{{.Names}}'), 'one\ntwo\nweb-infra')
  t.match(await run('ps', '--sort', 'nothing'), { exitCode: 125 })
  t.equal(await ok('port', '-a'), '')
  t.notMatch(await ok('network', 'ls', '--noheading'), 'NETWORK ID')
  await ok('pod', 'pause', 'web')
  t.equal(await show('.State'), 'Paused')
  await ok('pod', 'unpause', 'web')
  await ok('pod', 'restart', '-a')
  t.equal(await show('.State'), 'Running')
  t.equal(await ok('pod', 'stop', '-t', '0', 'web'), id)
  t.equal(await show('.State'), 'Exited')
  await ok('start', 'two')
  t.equal(await show('.State'), 'Degraded', 'one that starts has its namespaces started')
  t.match(await ok('kube', 'generate', 'web'), /kind: Pod[^]*name: two/)
  await ok('pod', 'kill', 'web')
  t.equal(await ok('pod', 'rm', '-a', '-f'), id)
  t.equal(await ok('ps', '-aq'), '')
})

t.test('--pod new, shares, and what does not go together', async (t) => {
  t.equal(
    await ok('run', '--rm', '--pod', 'new:fresh', '--network', 'none', 'host', '/bin/hostname'),
    'fresh',
  )
  await ok('pod', 'create', '--replace', '--share', '+pid', '--network', 'none', 'fresh')
  t.equal(await ok('pod', 'ps', '-q', '--filter', 'name=fresh'), await ok('pod', 'ps', '-q'))
  const processes = 'cat /proc/1/comm'
  t.not(await ok('run', '--rm', '--pod', 'fresh', 'host', '/bin/sh', '-c', processes), 'sh')
  const rows: [string[], number][] = [
    [['pod', 'create', 'fresh'], 125],
    [['pod', 'create', '--infra=false', 'x'], 125],
    [['pod', 'create', '--share', 'mnt', 'x'], 125],
    [['run', '--pod', 'nobody', 'host', '/bin/true'], 125],
    [['run', '--pod', 'fresh', '-p', '1:1', 'host', '/bin/true'], 125],
    [['run', '--pod', 'fresh', '--hostname', 'x', 'host', '/bin/true'], 125],
    [['pod', 'inspect', 'nobody'], 125],
    [['pod', 'exists', 'nobody'], 1],
    [['pod', 'exists', 'fresh'], 0],
    [['pod', 'rm', 'nobody'], 125],
    [['pod', 'rm', '-i', 'nobody'], 0],
    [['pod', 'stop'], 125],
  ]
  for (const [words, exitCode] of rows) t.match(await run(...words), { exitCode }, words.join(' '))
  await ok('pod', 'stop', 'fresh')
  await ok('pod', 'prune', '-f')
  t.equal(await ok('pod', 'ls', '--noheading'), '')
})
