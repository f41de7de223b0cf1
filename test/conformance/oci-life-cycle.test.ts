import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type Row,
  checkRuntime,
  eventually,
  groupFolders,
  hostTraces,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: runtime.md and bundle.md. What each row shows is in oci-requirements.txt.

const rows: Row[] = [
  {
    title: 'create, start, kill and delete take their container by its id',
    async check(t, { bundle, newId, create, run, state, rootfs }) {
      const ran = join(rootfs, 'tmp/ran')
      const id = newId()
      const path = bundle((config) => {
        config.process.args = ['/bin/sh', '-c', 'echo ran > /tmp/ran; exec sleep 1000']
      })
      t.equal(create(id, path).code, 0)
      t.equal(state(id).status, 'created')
      t.notOk(existsSync(ran), 'the program does not run before the start')
      t.equal(run(['start', id]).code, 0)
      t.equal(state(id).status, 'running')
      await eventually('the program', () => existsSync(ran))
      rmSync(ran)
      t.equal(run(['kill', id, 'KILL']).code, 0)
      await eventually('the end', () => state(id).status === 'stopped')
      t.equal(run(['delete', id]).code, 0)
      t.not(run(['state', id]).code, 0)
    },
  },
  {
    title: 'the state has what the schema asks for',
    async check(t, { sleeper, state, run, end }) {
      const id = sleeper((config) =>
        Object.assign(config, { annotations: { 'org.example': 'value' } }),
      )
      const created = state(id)
      t.match(created, {
        ociVersion: /^\d+\.\d+\.\d+/,
        id,
        status: 'created',
        bundle: /^\//,
        annotations: { 'org.example': 'value' },
      })
      t.ok(existsSync(`/proc/${created.pid}`))
      run(['start', id])
      t.match(state(id), { id, status: 'running', pid: created.pid })
      await end(id)
      t.match(state(id), { id, status: 'stopped', bundle: created.bundle })
      run(['delete', id])
    },
  },
  {
    title: 'a state of the runtime’s own has a name of its own',
    check(t, { sleeper, run, state }) {
      const id = sleeper()
      run(['start', id])
      t.equal(run(['pause', id]).code, 0)
      t.equal(state(id).status, 'paused')
      t.equal(run(['resume', id]).code, 0)
      t.equal(run(['delete', '--force', id]).code, 0)
    },
  },
  {
    title: 'an id is used once, and only if it is valid',
    check(t, runtime) {
      const { sleeper, bundle, create, run, state } = runtime
      const id = sleeper()
      const { pid } = state(id)
      const path = bundle()
      t.not(create(id, path).code, 0)
      t.equal(state(id).pid, pid, 'the first one lives on')
      const before = hostTraces(runtime)
      for (const bad of ['../escape', 'a/b', '', '.', 'sp ace'])
        t.not(create(bad, path).code, 0, bad)
      t.strictSame(hostTraces(runtime), before)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'operations want what they work on',
    check(t, { run, bundle, newId, folder }) {
      const path = bundle()
      for (const verb of ['state', 'start', 'kill', 'delete']) {
        t.not(run([verb]).code, 0, `${verb} without an id`)
        t.not(run([verb, newId()]).code, 0, `${verb} of no container`)
      }
      t.not(run(['create', '--bundle', path]).code, 0, 'create without an id')
      t.not(run(['create', newId()], { cwd: folder }).code, 0, 'create without a bundle')
    },
  },
  {
    title: 'config.json lies in the bundle, under that name',
    check(t, { folder, newId, create, bundle, run }) {
      const empty = join(folder, 'no-bundle')
      mkdirSync(empty)
      writeFileSync(join(empty, 'Config.json'), readFileSync(join(bundle(), 'config.json')))
      t.not(create(newId(), empty).code, 0)
      const id = newId()
      t.equal(create(id, bundle()).code, 0)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'what is written to config.json after create changes nothing',
    async check(t, { bundle, newId, create, run, rootfs, end }) {
      const path = bundle((config) => {
        config.process.args = ['/bin/sh', '-c', 'echo old > /tmp/which; exec sleep 1000']
      })
      const id = newId()
      create(id, path)
      const file = join(path, 'config.json')
      writeFileSync(file, readFileSync(file, 'utf8').replace('echo old', 'echo new'))
      run(['start', id])
      const which = join(rootfs, 'tmp/which')
      await eventually('the program', () => existsSync(which) && readFileSync(which, 'utf8') !== '')
      t.equal(readFileSync(which, 'utf8'), 'old\n')
      await end(id)
      run(['delete', id])
    },
  },
  {
    title: 'a create that fails leaves the host as it was',
    check(t, runtime) {
      const { bundle, newId, create, state } = runtime
      const before = hostTraces(runtime)
      const bad: Record<
        string,
        (config: Parameters<NonNullable<Parameters<typeof bundle>[0]>>[0]) => void
      > = {
        'a source that is not there': ({ mounts }) =>
          mounts.push({
            destination: '/x',
            type: 'bind',
            source: '/no/such/source',
            options: ['bind'],
          }),
        'an unknown file system': ({ mounts }) =>
          mounts.push({ destination: '/x', type: 'no-such-fs', source: 'x', options: [] }),
        'a rootfs that is not there': (config) =>
          Object.assign(config, { root: { path: 'no-such-folder' } }),
        'a working folder that cannot be': (config) =>
          Object.assign(config.process, { cwd: '/bin/busybox/x' }),
        'a namespace that is not there': ({ linux }) =>
          linux.namespaces.push({ type: 'network', path: '/no/such/namespace' }),
        'an unknown seccomp action': ({ linux }) =>
          Object.assign(linux, { seccomp: { defaultAction: 'SCMP_ACT_NONSENSE' } }),
      }
      for (const [title, change] of Object.entries(bad)) {
        const id = newId()
        t.not(create(id, bundle(change)).code, 0, title)
        t.throws(() => state(id), title)
      }
      t.strictSame(hostTraces(runtime), before)
    },
  },
  {
    title: 'start is for created containers with a program',
    async check(t, { sleeper, bundle, run, end, state, newId, create }) {
      const id = sleeper()
      run(['start', id])
      const { pid } = state(id)
      t.not(run(['start', id]).code, 0, 'it runs')
      t.match(state(id), { status: 'running', pid })
      await end(id)
      t.not(run(['start', id]).code, 0, 'it has ended')
      t.equal(state(id).status, 'stopped')
      run(['delete', id])
      const empty = newId()
      const created = create(
        empty,
        bundle((config) => Object.assign(config, { process: undefined })),
      )
      const started = run(['start', empty])
      t.ok(created.code !== 0 || started.code !== 0, 'it has no program')
      run(['delete', '--force', empty])
    },
  },
  {
    title: 'create takes a configuration without a process',
    check(t, { bundle, run, newId, create, state }) {
      const id = newId()
      t.equal(
        create(
          id,
          bundle((config) => Object.assign(config, { process: undefined })),
        ).code,
        0,
      )
      t.equal(state(id).status, 'created')
      t.not(run(['start', id]).code, 0)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'kill sends the signal, and only to what lives',
    async check(t, { bundle, newId, create, run, state, rootfs, end }) {
      const id = newId()
      const marks = join(rootfs, 'tmp/marks')
      writeFileSync(marks, '')
      create(
        id,
        bundle((config) => {
          config.process.args = [
            '/bin/sh',
            '-c',
            'trap "echo usr1 >> /tmp/marks" USR1; echo ready >> /tmp/marks; while true; do sleep 0.02; done',
          ]
        }),
      )
      run(['start', id])
      const read = (): string => readFileSync(marks, 'utf8')
      await eventually('the trap', () => read() === 'ready\n')
      t.equal(run(['kill', id, 'USR1']).code, 0)
      await eventually('the signal', () => read() === 'ready\nusr1\n')
      t.equal(state(id).status, 'running')
      await end(id)
      t.not(run(['kill', id, 'USR1']).code, 0)
      t.equal(state(id).status, 'stopped')
      run(['delete', id])
    },
  },
  {
    title: 'delete is for stopped containers',
    check(t, { sleeper, run, state }) {
      const id = sleeper()
      run(['start', id])
      const { pid } = state(id)
      t.not(run(['delete', id]).code, 0)
      t.match(state(id), { status: 'running', pid })
      run(['delete', '--force', id])
    },
  },
  {
    title: 'delete refuses a container that is only created',
    check(t, { sleeper, run, state }) {
      const id = sleeper()
      t.not(run(['delete', id]).code, 0)
      t.equal(state(id).status, 'created')
      run(['delete', '--force', id])
    },
  },
  {
    title: 'delete takes away what create has made, and nothing else',
    async check(t, runtime) {
      const { sleeper, folder, run, end, group } = runtime
      const before = hostTraces(runtime)
      const shared = join(folder, 'shared')
      mkdirSync(shared)
      writeFileSync(join(shared, 'file'), '')
      const id = sleeper(({ mounts, linux }) => {
        mounts.push({ destination: '/shared', type: 'bind', source: shared, options: ['rbind'] })
        linux.cgroupsPath = `${group}/bundle-to-delete`
        linux.namespaces.push({ type: 'network', path: '/proc/self/ns/net' })
      })
      t.ok(groupFolders(`${group}/bundle-to-delete`).length > 0)
      run(['start', id])
      await end(id)
      t.equal(run(['delete', id]).code, 0)
      t.strictSame(hostTraces(runtime), before)
      t.strictSame(groupFolders(`${group}/bundle-to-delete`), [])
      t.strictSame(readdirSync(shared), ['file'])
    },
  },
]

void checkRuntime(t, rows)
