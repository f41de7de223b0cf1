import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { shimPath } from '../../native/paths.ts'
import { eventually, groupFolders, ociBench } from './oci-bench.ts'

// The life of a container by the commands that engines give, each a process of its own.

const sleeper = { args: ['/bin/sleep', '1000'] }

t.test('create, start, kill, delete', async (t) => {
  const { ok, bundle, state, folder, group, run } = ociBench(t)
  const path = bundle((config) =>
    Object.assign(config.process, { args: ['/bin/sh', '-c', 'echo ran; exec sleep 1000'] }),
  )
  const pidFile = join(folder, 'pid')
  const created = run(['create', '--bundle', path, '--pid-file', pidFile, 'one'])
  t.equal(created.code, 0)
  const { pid } = state('one')
  t.match(state('one'), { status: 'created', id: 'one', bundle: path, annotations: {} })
  t.equal(readFileSync(pidFile, 'utf8'), String(pid))
  t.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), group)
  t.equal(run(['create', '--bundle', path, 'one']).code, 1, 'the id is taken')
  ok('start', 'one')
  t.equal(run(['start', 'one']).code, 1, 'a second start')
  t.match(state('one'), { status: 'running', pid })
  await eventually('its program', () =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep'),
  )
  t.equal(run(['delete', 'one']).code, 1, 'it runs')
  ok('kill', 'one', 'KILL')
  await eventually('its end', () => state('one').status === 'stopped')
  t.match(state('one'), { pid: 0 })
  t.equal(run(['kill', 'one']).code, 1, 'it does not run any more')
  ok('delete', 'one')
  t.equal(run(['state', 'one']).code, 1)
  t.equal(run(['delete', 'one']).code, 1)
  ok('delete', '--force', 'one')
  t.strictSame(groupFolders(`${group}/bundle0`), [])
})

t.test(
  'the first process is the child of whoever reaps orphans, and of nobody of ours',
  async (t) => {
    const { run, bundle, folder } = ociBench(t)
    const path = bundle((config) =>
      Object.assign(config.process, { args: ['/bin/sh', '-c', 'exit 7'] }),
    )
    const script = `
    "$@" create --bundle ${path} --pid-file ${folder}/pid one || exit 100
    grep PPid /proc/$(cat ${folder}/pid)/status; echo Parent: $PPID
    "$@" start one; while [ -d /proc/$(cat ${folder}/pid) ]; do sleep 0.01; done; "$@" state one | grep status`
    const { code, stdout } = run([], {
      prefix: [shimPath, 'init', '-s', '--', '/bin/sh', '-c', script, 'sh'],
    })
    t.equal(code, 0)
    const [, parent, reaper] = /PPid:\s*(\d+)\s+Parent: (\d+)/.exec(stdout) ?? []
    t.equal(parent, reaper)
    t.match(stdout, 'stopped')
  },
)

t.test('what a created container may do before it is started', async (t) => {
  const { ok, bundle, state, run, folder } = ociBench(t)
  const marker = join(folder, 'rootfs/tmp/started')
  const path = bundle((config) =>
    Object.assign(config.process, { args: ['/bin/sh', '-c', 'echo > /tmp/started'] }),
  )
  run(['create', '--bundle', path, 'one'])
  t.notOk(existsSync(marker))
  t.equal(run(['delete', 'one']).code, 1, 'it has not ended')
  t.equal(state('one').status, 'created')
  ok('delete', '--force', 'one')
  run(['create', '--bundle', path, 'two'])
  ok('kill', 'two', '9')
  await eventually('its end', () => state('two').status === 'stopped')
  t.equal(run(['start', 'two']).code, 1)
  t.notOk(existsSync(marker))
})

t.test('pause, update, list, ps, events', async (t) => {
  const { ok, bundle, state, run } = ociBench(t)
  const path = bundle((config) => Object.assign(config.process, sleeper))
  t.equal(run(['run', '--detach', '--bundle', path, 'one']).code, 0)
  const { pid } = state('one')
  ok('pause', 'one')
  t.equal(state('one').status, 'paused')
  t.equal(run(['exec', 'one', '/bin/true']).code, 255, 'paused')
  t.equal(run(['pause', 'one']).code, 1)
  ok('resume', 'one')
  t.equal(state('one').status, 'running')
  t.strictSame(JSON.parse(ok('ps', '--format', 'json', 'one')), [pid])
  t.match(ok('ps', 'one'), /UID|USER/)
  t.match(JSON.parse(ok('list', '--format', 'json')), [{ id: 'one', pid, status: 'running' }])
  t.match(ok('list'), /^ID +PID +STATUS +BUNDLE +CREATED +OWNER\none /)
  t.equal(ok('list', '-q'), 'one\n')
  ok('update', '--pids-limit', '33', 'one')
  const file = join(path, 'resources.json')
  writeFileSync(file, JSON.stringify({ memory: { limit: 64 << 20 }, cpu: { cpus: '' } }))
  ok('update', '--resources', file, 'one')
  t.match(JSON.parse(ok('events', '--stats', 'one')), {
    type: 'stats',
    id: 'one',
    data: { pids: { limit: 33 }, memory: { usage: { limit: 64 << 20 } } },
  })
})

t.test('refusals, by the exit code that engines look at', async (t) => {
  const { bundle, run, folder } = ociBench(t)
  const path = bundle()
  const cases: { title: string; args: string[]; code: number; says: RegExp }[] = [
    {
      title: 'no such container',
      args: ['state', 'none'],
      code: 1,
      says: /container does not exist/,
    },
    { title: 'start of none', args: ['start', 'none'], code: 1, says: /container does not exist/ },
    {
      title: 'exec in none',
      args: ['exec', 'none', 'ls'],
      code: 255,
      says: /container does not exist/,
    },
    {
      title: 'an id that leads out',
      args: ['state', '../x'],
      code: 1,
      says: /invalid container ID/,
    },
    {
      title: 'no bundle',
      args: ['create', '-b', join(folder, 'no'), 'a'],
      code: 1,
      says: /config\.json/,
    },
    { title: 'unknown command', args: ['fly'], code: 1, says: /unknown command/ },
    { title: 'unknown flag', args: ['create', '--fly', 'a'], code: 1, says: /unknown flag/ },
    { title: 'no id', args: ['create', '-b', path], code: 1, says: /arguments/ },
    { title: 'unknown signal', args: ['kill', 'none', 'FLY'], code: 1, says: /unknown signal/ },
    {
      title: 'socket without terminal',
      args: ['create', '-b', path, '--console-socket', '/x', 'a'],
      code: 1,
      says: /console socket/,
    },
    {
      title: 'descriptors that are not there',
      args: ['create', '-b', path, '--preserve-fds', '9', 'a'],
      code: 1,
      says: /descriptors/,
    },
  ]
  for (const { title, args, code, says } of cases)
    await t.test(title, async (t) => {
      const result = run(args)
      t.equal(result.code, code)
      t.match(result.stderr, says)
    })
  t.equal(run(['list', '-q']).stdout, '', 'nothing is left behind')
})

t.test('features and spec', async (t) => {
  const { ok, run, folder } = ociBench(t)
  t.match(JSON.parse(ok('features')), { ociVersionMin: '1.0.0', linux: { namespaces: Array } })
  ok('spec', '--bundle', folder, '--rootless')
  t.match(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), {
    linux: { uidMappings: [{ containerID: 0 }] },
  })
  t.equal(run(['spec', '--bundle', folder]).code, 1, 'there is one already')
  t.match(run(['--version']).stdout, /^mycontainer-oci version [\d.]+\nspec: 1\./)
})
