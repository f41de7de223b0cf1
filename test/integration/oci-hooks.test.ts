import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type OciBench, type OciConfig, eventually, groupFolders, ociBench } from './oci-bench.ts'

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
            const script = `cat > ${folder}/${moment}; exit ${moment === failing ? 3 : 0}`
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
    t.match(told(moment), { id: 'one', status: 'creating', pid }, moment)
  for (const moment of ['startContainer', 'poststart', 'poststop']) t.notOk(told(moment), moment)
  ok('start', 'one')
  t.match(told('poststart'), { id: 'one', status: 'running', pid })
  await eventually('startContainer', () => told('startContainer')?.status === 'created')
  t.notOk(told('poststop'))
  ok('delete', '--force', 'one')
  t.match(told('poststop'), { id: 'one', status: 'stopped' })
})

t.test('one that fails', async (t) => {
  const cases = [
    { moment: 'prestart', create: 1, start: 1, lives: false },
    { moment: 'createRuntime', create: 1, start: 1, lives: false },
    { moment: 'createContainer', create: 1, start: 1, lives: false },
    { moment: 'poststart', create: 0, start: 1, lives: false },
    { moment: 'poststop', create: 0, start: 0, lives: true },
  ]
  for (const { moment, create, start, lives } of cases)
    await t.test(moment, async (t) => {
      const { run, hooked, group, folder } = hookBench(t)
      t.equal(run(['create', '-b', hooked(moment), 'one']).code, create)
      t.equal(run(['start', 'one']).code, start)
      t.equal(run(['state', 'one']).code, lives ? 0 : 1)
      t.equal(run(['delete', '--force', 'one']).code, 0, 'a failed poststop is only warned of')
      t.strictSame(readdirSync(join(folder, 'state')), [], 'no state is left')
      t.strictSame(groupFolders(`${group}/bundle0`), [], 'no group is left')
    })
})

t.test('startContainer fails: the program does not run', async (t) => {
  const { run, ok, hooked, state } = hookBench(t)
  run(['create', '-b', hooked('startContainer'), 'one'])
  ok('start', 'one')
  await eventually('its end', () => state('one').status === 'stopped')
  t.equal(state('one').pid, 0)
})
