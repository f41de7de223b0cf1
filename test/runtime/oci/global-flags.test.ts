import t from 'tap'
import { parseGlobalFlags } from '../../../runtime/oci/cli/global-flags.ts'

t.test('command lines as engines write them', async (t) => {
  const cases: [string[], object, string[]][] = [
    [['state', 'a'], { cgroupManager: 'cgroupfs', log: { format: 'text' } }, ['state', 'a']],
    [
      [
        '--root',
        '/r',
        '--log',
        '/l',
        '--log-format',
        'json',
        '--systemd-cgroup',
        'create',
        '-b',
        'x',
        'a',
      ],
      { root: '/r', cgroupManager: 'systemd', log: { path: '/l', format: 'json' } },
      ['create', '-b', 'x', 'a'],
    ],
    [['-root=/r', '-debug', 'list'], { root: '/r', log: { debug: true } }, ['list']],
    [
      ['--cgroup-manager', 'disabled', '--rootless', 'auto', 'list'],
      { cgroupManager: 'disabled' },
      ['list'],
    ],
    [['--version'], { version: true }, []],
  ]
  for (const [argv, globals, words] of cases) {
    const parsed = parseGlobalFlags(argv, {})
    t.match(parsed.globals, globals, argv.join(' '))
    t.strictSame(parsed.words, words)
  }
  for (const argv of [
    ['--log-format', 'xml'],
    ['--cgroup-manager', 'x'],
    ['--rootless', 'x'],
    ['--fly'],
  ])
    t.throws(() => parseGlobalFlags(argv, {}), { code: 'INVALID_ARGUMENT' }, argv.join(' '))
})
