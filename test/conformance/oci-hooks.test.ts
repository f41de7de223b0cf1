import { existsSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type Config,
  type Row,
  type RuntimeUnderTest,
  type State,
  checkRuntime,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config.md#posix-platform-hooks and the hooks of runtime.md#lifecycle.

const outer = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const
const moments = [...outer, 'startContainer'] as const
type Moment = (typeof moments)[number]
type Hook = { path: string; args: string[]; env?: string[]; timeout?: number }

function shell(script: string): Hook {
  return { path: '/bin/sh', args: ['sh', '-c', script] }
}

/** As hooks see the folder /tmp of the container. */
function folderOf(moment: Moment, { rootfs }: RuntimeUnderTest): string {
  return moment === 'startContainer' ? '/tmp' : join(rootfs, 'tmp')
}

/** Hooks at every moment that write who they are, after the program's own line. */
function tellingHooks(runtime: RuntimeUnderTest, failing?: Moment): (config: Config) => void {
  return (config) => {
    config.process.args = ['/bin/sh', '-c', 'echo program >> /tmp/order']
    config.hooks = Object.fromEntries(
      moments.map((moment) => {
        const folder = folderOf(moment, runtime)
        const tell = (number: number): Hook =>
          shell(
            `echo ${moment} ${number} >> ${folder}/order; cat > ${folder}/${moment}.json; readlink /proc/self/ns/uts > ${folder}/${moment}.ns; ${moment === failing && number === 1 ? 'exit 3' : 'exit 0'}`,
          )
        return [moment, [tell(1), tell(2)]]
      }),
    )
  }
}

interface Told {
  readonly order: string[]
  readonly state: (moment: Moment) => State
  readonly namespace: (moment: Moment) => string
}

function readTold({ rootfs }: RuntimeUnderTest): Told {
  const read = (name: string): string => {
    const path = join(rootfs, 'tmp', name)
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    return text.trim()
  }
  return {
    order: read('order').split('\n').filter(Boolean),
    state: (moment) => JSON.parse(read(`${moment}.json`)) as State,
    namespace: (moment) => read(`${moment}.ns`),
  }
}

function forget({ rootfs }: RuntimeUnderTest): void {
  for (const name of ['order', ...moments.flatMap((moment) => [`${moment}.json`, `${moment}.ns`])])
    rmSync(join(rootfs, 'tmp', name), { force: true })
}

const created = [
  'prestart 1',
  'prestart 2',
  'createRuntime 1',
  'createRuntime 2',
  'createContainer 1',
  'createContainer 2',
]

/** What a life with a hook that fails looks like: its end comes next, poststop hooks included. */
function failure(moment: Moment, expected: readonly string[]): Row['check'] {
  return (t, runtime) => {
    forget(runtime)
    const { bundle, newId, create, run, state } = runtime
    const id = newId()
    const made = create(id, bundle(tellingHooks(runtime, moment)))
    const started = made.code === 0 ? run(['start', id]) : undefined
    t.not(started?.code ?? made.code, 0, 'an error is generated')
    t.throws(() => state(id), 'the container is destroyed')
    const { order } = readTold(runtime)
    t.strictSame(
      order.filter((line) => line !== 'program'),
      [...expected, 'poststop 1', 'poststop 2'],
    )
    t.equal(order.includes('program'), moment === 'poststart')
    run(['delete', '--force', id])
  }
}

const rows: Row[] = [
  {
    title: 'hooks of create come before it returns, in their order',
    check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run } = runtime
      const id = newId()
      t.equal(create(id, bundle(tellingHooks(runtime))).code, 0)
      t.strictSame(readTold(runtime).order, created)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'hooks of start and delete come at their moments, in their order',
    async check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run, end } = runtime
      const id = newId()
      create(
        id,
        bundle((config) => {
          tellingHooks(runtime)(config)
          config.process.args = ['/bin/sh', '-c', 'echo program >> /tmp/order; exec sleep 1000']
        }),
      )
      run(['start', id])
      const { order } = readTold(runtime)
      t.strictSame(
        order.filter((line) => line !== 'program'),
        [...created, 'startContainer 1', 'startContainer 2', 'poststart 1', 'poststart 2'],
      )
      t.not(order.indexOf('program'), order.indexOf('startContainer 2') - 1)
      await end(id)
      t.notMatch(readTold(runtime).order.join(), 'poststop')
      t.equal(run(['delete', id]).code, 0)
      t.strictSame(readTold(runtime).order.slice(-2), ['poststop 1', 'poststop 2'])
    },
  },
  {
    title: 'poststart hooks are run after the program was executed',
    check(t, runtime) {
      const { bundle, newId, create, run, rootfs } = runtime
      // A program that another process can tell from the runtime by its name alone.
      for (let round = 0; round < 2; round += 1) {
        const id = newId()
        create(
          id,
          bundle((config) => {
            config.hooks = {
              poststart: [
                shell(
                  `pid=$(grep -o '"pid":[ 0-9]*' | grep -o '[0-9]*'); cat /proc/$pid/comm > ${rootfs}/tmp/comm`,
                ),
              ],
            }
          }),
        )
        run(['start', id])
        t.equal(readFileSync(join(rootfs, 'tmp/comm'), 'utf8'), 'sleep\n')
        run(['delete', '--force', id])
      }
    },
  },
  {
    title: 'hooks get the state on stdin, with the status of their moment',
    async check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run, end, state } = runtime
      const id = newId()
      create(
        id,
        bundle((config) => {
          tellingHooks(runtime)(config)
          config.process.args = ['/bin/sleep', '1000']
          Object.assign(config, { annotations: { 'org.example': 'told' } })
        }),
      )
      const { pid, bundle: folder } = state(id)
      run(['start', id])
      await end(id)
      run(['delete', id])
      const told = readTold(runtime)
      const annotations = { 'org.example': 'told' }
      for (const moment of ['prestart', 'createRuntime', 'createContainer'] as const)
        t.match(
          told.state(moment),
          { id, pid, bundle: folder, status: /^creat(?:ing|ed)$/, annotations },
          moment,
        )
      t.match(told.state('startContainer'), { id, bundle: folder, status: 'created' })
      t.match(told.state('poststop'), { id, bundle: folder, status: 'stopped' })
    },
  },
  {
    title: 'poststart hooks are told that the container runs',
    check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run, state } = runtime
      const id = newId()
      create(id, bundle(tellingHooks(runtime)))
      const { pid } = state(id)
      run(['start', id])
      t.match(readTold(runtime).state('poststart'), { id, pid, status: 'running' })
      run(['delete', '--force', id])
    },
  },
  {
    title: 'hooks run in the namespaces that belong to their moment',
    async check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run, end, shell: whole } = runtime
      const own = whole('readlink /proc/self/ns/uts').stdout.trim()
      const id = newId()
      create(
        id,
        bundle((config) => {
          tellingHooks(runtime)(config)
          config.process.args = [
            '/bin/sh',
            '-c',
            'readlink /proc/self/ns/uts > /tmp/own; exec sleep 1000',
          ]
        }),
      )
      run(['start', id])
      await end(id)
      run(['delete', id])
      const told = readTold(runtime)
      const host = readlinkSync('/proc/self/ns/uts')
      t.not(own, host)
      for (const moment of ['prestart', 'createRuntime', 'poststart', 'poststop'] as const)
        t.equal(told.namespace(moment), host, moment)
      const inside = told.namespace('createContainer')
      t.not(inside, host)
      t.equal(told.namespace('startContainer'), inside)
    },
  },
  {
    title:
      'the path of startContainer hooks is one of the container’s, of others one of the runtime’s',
    async check(t, runtime) {
      const { bundle, newId, create, run, end, rootfs, folder } = runtime
      const marker = join(folder, 'outside')
      const id = newId()
      const made = create(
        id,
        bundle((config) => {
          // busybox is named so in the container only; the folder of the test is on the host only.
          config.hooks = {
            createContainer: [shell(`test -d ${rootfs} && echo > ${marker}`)],
            startContainer: [{ path: '/bin/busybox', args: ['touch', '/tmp/inside'] }],
          }
        }),
      )
      t.equal(made.code, 0, made.stderr)
      t.ok(existsSync(marker))
      run(['start', id])
      await end(id)
      t.ok(existsSync(join(rootfs, 'tmp/inside')))
      run(['delete', id])
    },
  },
  {
    title: 'a hook that takes longer than its timeout fails',
    check(t, runtime) {
      const { bundle, newId, create, run } = runtime
      const id = newId()
      const started = Date.now()
      t.not(
        create(
          id,
          bundle((config) => {
            config.hooks = { createRuntime: [{ ...shell('exec sleep 30'), timeout: 1 } as Hook] }
          }),
        ).code,
        0,
      )
      t.ok(Date.now() - started < 15_000)
      run(['delete', '--force', id])
    },
  },
  {
    title: 'a path that is not absolute is refused',
    check: (t, { bundle, newId, create }) =>
      void t.not(
        create(
          newId(),
          bundle((config) => {
            config.hooks = { poststop: [{ path: 'bin/sh' }] }
          }),
        ).code,
        0,
      ),
  },
  {
    title: 'a timeout that is not above zero is refused',
    check: (t, { bundle, newId, create }) =>
      void t.not(
        create(
          newId(),
          bundle((config) => {
            config.hooks = { poststop: [{ ...shell('true'), timeout: 0 } as Hook] }
          }),
        ).code,
        0,
      ),
  },
  {
    title: 'a prestart hook that fails ends the life',
    check: failure('prestart', created.slice(0, 1)),
  },
  {
    title: 'a createRuntime hook that fails ends the life',
    check: failure('createRuntime', created.slice(0, 3)),
  },
  {
    title: 'a createContainer hook that fails ends the life',
    check: failure('createContainer', created.slice(0, 5)),
  },
  {
    title: 'a startContainer hook that fails ends the life',
    check: failure('startContainer', [...created, 'startContainer 1']),
  },
  {
    title: 'a poststart hook that fails ends the life',
    check: failure('poststart', [
      ...created,
      'startContainer 1',
      'startContainer 2',
      'poststart 1',
    ]),
  },
  {
    title: 'a poststop hook that fails is warned of, and the others are run',
    async check(t, runtime) {
      forget(runtime)
      const { bundle, newId, create, run, end } = runtime
      const id = newId()
      create(
        id,
        bundle((config) => {
          tellingHooks(runtime, 'poststop')(config)
          config.process.args = ['/bin/sleep', '1000']
        }),
      )
      run(['start', id])
      await end(id)
      const { code, stderr } = run(['delete', id])
      t.equal(code, 0)
      t.not(stderr, '')
      t.strictSame(readTold(runtime).order.slice(-2), ['poststop 1', 'poststop 2'])
    },
  },
]

void checkRuntime(t, rows)
