import t from 'tap'
import {
  type Config,
  type Row,
  type RuntimeUnderTest,
  checkRuntime,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: features.md and features-linux.md. What the document names is taken by `create`.

interface Features {
  readonly ociVersionMin: string
  readonly ociVersionMax: string
  readonly hooks: string[]
  readonly mountOptions: string[]
  readonly annotations: Record<string, string>
  readonly linux: {
    readonly namespaces: string[]
    readonly capabilities: string[]
    readonly seccomp: Record<
      'actions' | 'operators' | 'archs' | 'knownFlags' | 'supportedFlags',
      string[]
    >
    readonly memoryPolicy?: { readonly modes: string[]; readonly flags: string[] }
    readonly mountExtensions?: { readonly idmap?: { readonly enabled: boolean } }
  }
}

function featuresOf({ run }: RuntimeUnderTest): Features {
  return JSON.parse(run(['features']).stdout) as Features
}

const topLevel = [
  'ociVersionMin',
  'ociVersionMax',
  'hooks',
  'mountOptions',
  'linux',
  'annotations',
  'potentiallyUnsafeConfigAnnotations',
]

function taken(runtime: RuntimeUnderTest, change: (config: Config) => void): string {
  const id = runtime.newId()
  const { code, stderr } = runtime.create(id, runtime.bundle(change))
  runtime.run(['delete', '--force', id])
  return code === 0 ? '' : stderr
}

const rows: Row[] = [
  {
    title: 'the versions are in order and taken, and no property is unknown',
    check(t, runtime) {
      const features = featuresOf(runtime)
      const { ociVersionMin: least, ociVersionMax: most } = features
      const numbers = (version: string): number[] => version.split(/[.-]/).slice(0, 3).map(Number)
      t.ok(numbers(least).join() <= numbers(most).join())
      t.strictSame(
        Object.keys(features).filter((key) => !topLevel.includes(key)),
        [],
      )
      for (const ociVersion of [least, most])
        t.equal(
          taken(runtime, (config) => Object.assign(config, { ociVersion })),
          '',
        )
      for (const value of Object.values(features.annotations ?? {})) t.type(value, 'string')
    },
  },
  {
    title: 'hooks, namespaces and capabilities that are named are taken',
    check(t, runtime) {
      const { hooks, linux } = featuresOf(runtime)
      const problem = taken(runtime, (config) => {
        config.hooks = Object.fromEntries(hooks.map((moment) => [moment, [{ path: '/bin/true' }]]))
        config.linux.namespaces = linux.namespaces
          .filter((type) => type !== 'user')
          .map((type) => ({ type }))
        const { capabilities } = linux
        Object.assign(config.process, { capabilities: { bounding: capabilities } })
      })
      t.equal(problem.replace(/.*level=warning.*\n/g, ''), '')
    },
  },
  {
    title: 'mount options that are named are taken',
    check(t, runtime) {
      const { mountOptions } = featuresOf(runtime)
      const special =
        /^(?:r?bind|r?idmap|remount|tmpcopyup|copy-symlink|(?:src|dest)-nofollow|(?:no)?mand)$/
      const options = mountOptions.filter((option) => !special.test(option))
      const problem = taken(runtime, ({ mounts }) => {
        for (const option of options)
          mounts.push({
            destination: `/mnt/options/${option}`,
            type: 'bind',
            source: '/tmp',
            options: ['bind', option],
          })
      })
      t.equal(problem, '')
    },
  },
  {
    title: 'what is named of seccomp is taken',
    check(t, runtime) {
      const { actions, operators, archs, supportedFlags } = featuresOf(runtime).linux.seccomp
      const plain = actions.filter((action) => action !== 'SCMP_ACT_NOTIFY')
      const problem = taken(runtime, ({ linux }) =>
        Object.assign(linux, {
          seccomp: {
            defaultAction: 'SCMP_ACT_ALLOW',
            architectures: archs,
            flags: supportedFlags.filter((flag) => !flag.endsWith('_RECV')),
            syscalls: [
              ...plain.map((action, index) => ({
                names: ['kcmp'],
                action,
                args: [{ index: 0, value: 1000 + index, op: 'SCMP_CMP_EQ' }],
              })),
              ...operators.map((op, index) => ({
                names: ['acct'],
                action: 'SCMP_ACT_ERRNO',
                args: [{ index, value: 2 ** 40, valueTwo: 5, op }].filter(() => index < 6),
              })),
            ],
          },
        }),
      )
      t.equal(problem, '')
    },
  },
  {
    title: 'what is named of memory policies is taken',
    check(t, runtime) {
      const { modes = [], flags = [] } = featuresOf(runtime).linux.memoryPolicy ?? {}
      for (const mode of modes) {
        const wantsNodes = !/DEFAULT|LOCAL/.test(mode)
        const problem = taken(runtime, ({ linux }) =>
          Object.assign(linux, { memoryPolicy: { mode, ...(wantsNodes ? { nodes: '0' } : {}) } }),
        )
        t.equal(problem, '', mode)
      }
      t.ok(flags.every((flag) => flag.startsWith('MPOL_F_')))
    },
  },
  {
    title: 'idmap is named where its mappings are known',
    check(t, runtime) {
      const { mountExtensions } = featuresOf(runtime).linux
      t.equal(mountExtensions?.idmap?.enabled, true)
    },
  },
]

void checkRuntime(t, rows)
