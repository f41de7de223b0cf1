import t from 'tap'
import { OperationError } from '../../../native/error.ts'
import { compile } from '../../../runtime/program/compile.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { mountOptionNames } from '../../../runtime/spec/mount-options.ts'
import type { Config } from '../../../runtime/spec/config.ts'
import { sampleConfig, sampleInput } from './sample-config.ts'

/** mulberry32: the same numbers in every run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const types = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const
const good = [
  '/',
  '/a',
  '/a/b/c',
  'relative',
  '/dev',
  '/dev/pts',
  '/proc',
  '//double//',
  '/with space',
]
const hostile = ['/../x', '']

function generate(random: (below: number) => number): Config {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!
  const some = <T>(values: readonly T[], count: number): T[] =>
    Array.from({ length: random(count + 1) }, () => pick(values))
  const paths = random(8) === 0 ? [...good, ...hostile] : good
  const odd = random(8) === 0
  const mappings =
    random(2) === 0 ? [{ containerID: 0, hostID: 1000, size: pick([1, 65_536]) }] : []
  const config = sampleConfig()
  const chooseNamespaces = (
    isOdd: boolean,
  ): NonNullable<NonNullable<Config['linux']>['namespaces']> => {
    const usual = [
      'mount',
      'uts',
      'network',
      'ipc',
      'pid',
      ...(mappings.length > 0 ? ['user' as const] : []),
      ...some(['cgroup', 'time'] as const, 2),
    ] as const
    const chosen = isOdd ? some(types, 9) : [...new Set(usual)]
    return chosen.map((type) =>
      type === 'network' && random(5) === 0 ? { type, path: '/proc/9/ns/x' } : { type },
    )
  }
  return {
    ...config,
    hostname: odd ? 'x'.repeat(70) : 'box',
    root: { path: 'rootfs', readonly: random(2) === 0 },
    mounts: some(paths, 5).map((destination) => ({
      destination,
      type: pick(['tmpfs', 'proc', 'sysfs', 'devpts', 'mqueue', 'cgroup', 'bind']),
      source: odd ? '' : pick(['/src', 'src']),
      options: some(
        [
          ...mountOptionNames.filter((name) => odd || !/idmap|tmpcopyup/.test(name)),
          'size=1m',
          'context="a,b"',
          '=',
        ],
        5,
      ),
    })),
    process: {
      ...config.process!,
      args: odd ? some(['', 'a\0'], 2) : ['sh', ...some(['/bin/sh', './x'], 3)],
      cwd: pick(['/', '/a/b', '/proc/self/fd/3']),
      env: some(['PATH=', 'PATH=/a::/b', 'A=b'], 3),
      terminal: random(4) === 0,
      noNewPrivileges: random(2) === 0,
      user: {
        uid: odd ? 4_294_967_294 : pick([0, 0, 1000]),
        gid: pick([0, 5]),
        additionalGids: some([1, 2, 3], 3),
      },
      capabilities: {
        bounding: some(['CAP_KILL', 'CAP_NO_SUCH_THING'], 2),
        ambient: some(['CAP_KILL', 'CAP_CHOWN'], 2),
      },
      oomScoreAdj: random(2000) - 1000,
    },
    linux: {
      ...config.linux,
      namespaces: chooseNamespaces(odd),
      uidMappings: mappings,
      gidMappings: mappings,
      sysctl:
        random(4) === 0
          ? { [odd ? pick(['kernel.panic', '..', 'net/../x']) : 'net.core.somaxconn']: '1' }
          : {},
      devices: some(paths, 3).map((path) => ({
        path,
        type: pick(['c', 'b', 'p', 'u'] as const),
        major: random(300),
        minor: random(70_000),
      })),
      maskedPaths: some(paths, 4),
      readonlyPaths: some(paths, 4),
    },
  }
}

t.test('any configuration compiles and encodes, or is refused with a reason', async (t) => {
  const random = makeRandom(42)
  let compiled = 0
  for (let round = 0; round < 3000; round++) {
    const config = generate(random)
    const isTerminal = config.process?.terminal === true
    try {
      const stdio = isTerminal
        ? { kind: 'terminal' as const, rows: 1, columns: 1 }
        : { kind: 'pipes' as const, stdin: true }
      encodeProgram(compile(sampleInput({ config, stdio })))
      compiled++
    } catch (error) {
      if (!(error instanceof OperationError) || error.code === 'INTERNAL') throw error
    }
  }
  t.ok(compiled > 500, `${compiled} compiled`)
})
