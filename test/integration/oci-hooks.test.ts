import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type OciBench, type OciConfig, groupFolders, ociBench } from './oci-bench.ts'

// Hooks at their moments, and what becomes of a container whose hook fails.
// https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle

const moments = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
]

interface HookBench extends OciBench {
  /** A bundle whose hooks each leave a file with the state that they were given; `failing` ones fail after that. */
  readonly hooked: (failing?: string, change?: (config: OciConfig) => void) => string
  /** What the hook of a moment was told; undefined: it was not run. */
  readonly told: (moment: string) => { status: string; pid?: number; id: string } | undefined
}

function hookBench(t: Test): HookBench {
  const bench = ociBench(t)
  const shared = join(bench.rootfs, 'tmp')
  return {
    ...bench,
    told(moment) {
      const file = join(shared, moment)
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
    },
    hooked(failing, change) {
      const path = bench.bundle((config) => {
        config.process.args = ['/bin/sleep', '1000']
        config['root'] = { path: bench.rootfs, readonly: false }
        config.hooks = Object.fromEntries(
          moments.map((moment) => {
            // After pivot_root the same folder is /tmp.
            const folder = moment === 'startContainer' ? '/tmp' : shared
            const end = moment === failing ? `echo ${moment} complains >&2; exit 3` : 'exit 0'
            const script = `cat > ${folder}/${moment}; echo unheard >&2; ${end}`
            return [moment, [{ path: '/bin/sh', args: ['sh', '-c', script] }]]
          }),
        )
        change?.(config)
      })
      writeFileSync(join(path, 'note'), '')
      return path
    },
  }
}

t.test('each at its moment, with the state of that moment', async (t) => {
  const { run, ok, hooked, told, state } = hookBench(t)
  t.equal(run(['create', '-b', hooked(), 'one']).code, 0)
  const { pid } = state('one')
  for (const moment of ['prestart', 'createRuntime', 'createContainer'])
    t.match(told(moment), { id: 'one', status: 'created', pid }, moment)
  for (const moment of ['startContainer', 'poststart', 'poststop']) t.notOk(told(moment), moment)
  ok('start', 'one')
  t.match(told('poststart'), { id: 'one', status: 'running', pid })
  t.match(told('startContainer'), { id: 'one', status: 'created' })
  t.notOk(told('poststop'))
  ok('delete', '--force', 'one')
  t.match(told('poststop'), { id: 'one', status: 'stopped' })
})

t.test('one that fails', async (t) => {
  const cases = [
    { moment: 'prestart', create: 1, start: 1, lives: false },
    { moment: 'createRuntime', create: 1, start: 1, lives: false },
    { moment: 'createContainer', create: 1, start: 1, lives: false },
    { moment: 'startContainer', create: 0, start: 1, lives: false },
    { moment: 'poststart', create: 0, start: 1, lives: false },
    { moment: 'poststop', create: 0, start: 0, lives: true },
  ]
  for (const { moment, create, start, lives } of cases)
    await t.test(moment, async (t) => {
      const { run, hooked, group, folder, told } = hookBench(t)
      const created = run(['create', '-b', hooked(moment), 'one'])
      t.equal(created.code, create)
      const started = run(['start', 'one'])
      t.equal(started.code, start)
      const heard = created.stderr + started.stderr
      // That of startContainer hooks is the container's own.
      const isTold = moment !== 'startContainer' && !lives
      if (isTold) t.match(heard, `${moment} complains`, 'what it has said is told')
      t.equal(run(['state', 'one']).code, lives ? 0 : 1)
      t.equal(told('poststop') === undefined, lives, 'its life goes on at step 13')
      t.equal(run(['delete', '--force', 'one']).code, 0, 'a failed poststop is only warned of')
      t.strictSame(readdirSync(join(folder, 'state')), [], 'no state is left')
      t.strictSame(groupFolders(`${group}/bundle0`), [], 'no group is left')
    })
})

t.test(
  'the program runs between startContainer and poststart hooks, and only if the former succeed',
  async (t) => {
    const { run, ok, bundle, rootfs } = hookBench(t)
    const order = join(rootfs, 'tmp/order')
    const say = (word: string, file: string, code = 0): { path: string; args: string[] } => ({
      path: '/bin/sh',
      args: ['sh', '-c', `echo ${word} >> ${file}; exit ${code}`],
    })
    const hooked = (code: number): string =>
      bundle((config) => {
        config.process.args = ['/bin/sh', '-c', 'echo program >> /tmp/order']
        config['root'] = { path: rootfs, readonly: false }
        config.hooks = {
          startContainer: [say('startContainer', '/tmp/order', code)],
          poststart: [
            {
              path: '/bin/sh',
              args: [
                'sh',
                '-c',
                `while ! grep -q program ${order}; do sleep 0.01; done; echo poststart >> ${order}`,
              ],
            },
          ],
          poststop: [say('poststop 1', order, 1), say('poststop 2', order)],
        }
      })
    t.equal(run(['create', '-b', hooked(0), 'one']).code, 0)
    ok('start', 'one')
    ok('delete', '--force', 'one')
    t.strictSame(readFileSync(order, 'utf8').trim().split('\n'), [
      'startContainer',
      'program',
      'poststart',
      'poststop 1',
      'poststop 2',
    ])
    rmSync(order)
    t.equal(run(['create', '-b', hooked(1), 'two']).code, 0)
    t.equal(run(['start', 'two']).code, 1)
    t.strictSame(readFileSync(order, 'utf8').trim().split('\n'), [
      'startContainer',
      'poststop 1',
      'poststop 2',
    ])
  },
)

t.test(
  'startContainer hooks have the environment of the program, unless they say theirs',
  async (t) => {
    const { run, ok, hooked, told } = hookBench(t)
    const hook = (name: string, env?: string[]): { path: string; args: string[] } => {
      const script = `echo "\\"$ONE-$TWO\\"" > /tmp/${name}`
      return { path: '/bin/sh', args: ['sh', '-c', script], ...(env && { env }) }
    }
    const bundle = hooked(undefined, (config) => {
      config.process.env.push('ONE=1')
      config.hooks = { startContainer: [hook('none'), hook('own', ['TWO=2']), hook('empty', [])] }
    })
    t.match(run(['create', '-b', bundle, 'one']), { code: 0, stderr: '' })
    ok('start', 'one')
    t.equal(told('none'), '1-')
    t.equal(told('own'), '-2')
    t.equal(told('empty'), '-')
  },
)
