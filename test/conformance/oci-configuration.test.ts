import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Config, type Row, checkRuntime } from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config.md without mounts and hooks.

type Change = (config: Config) => void

/** Each of these configurations is refused, and none leaves a container. */
function refusals(cases: Readonly<Record<string, Change>>): Row['check'] {
  return (t, { bundle, newId, create, state }) => {
    for (const [title, change] of Object.entries(cases)) {
      const id = newId()
      t.not(create(id, bundle(change)).code, 0, title)
      t.throws(() => state(id), title)
    }
  }
}

/** Lines `name soft hard` of a script that reads /proc/self/limits. */
const readLimits = 'grep -E "open files|core file" /proc/self/limits'

function limits(rlimits: readonly object[]): Change {
  return (config) => Object.assign(config.process, { rlimits })
}

const rows: Row[] = [
  {
    title: 'ociVersion is a semantic version',
    check: refusals({
      'no version': (config) => Object.assign(config, { ociVersion: 'invalid' }),
      'a number missing': (config) => Object.assign(config, { ociVersion: '1' }),
    }),
  },
  {
    title: 'the root is a folder that exists',
    check: refusals({
      'none there': (config) => Object.assign(config, { root: { path: 'absent' } }),
      'a file': (config) => Object.assign(config, { root: { path: 'config.json' } }),
    }),
  },
  {
    title: 'root.readonly makes the root read-only, and only then',
    check(t, { shell, rootfs }) {
      const write = 'echo x > /tmp/written && echo writable'
      const readonly = shell(write, (config) =>
        Object.assign(config, { root: { path: rootfs, readonly: true } }),
      )
      t.notMatch(readonly.stdout, 'writable')
      t.equal(shell(write).stdout, 'writable\n')
    },
  },
  {
    title: 'process: folder, environment, user and arguments',
    check(t, { shell }) {
      const { stdout } = shell(
        'pwd; echo $ONE $TWO; id -u; id -g; id -G; umask; echo "$0 $1"',
        ({ process }) => {
          Object.assign(process, { cwd: '/tmp', env: ['PATH=/bin', 'ONE=1', 'TWO=2'] })
          Object.assign(process, {
            user: { uid: 1234, gid: 567, additionalGids: [89], umask: 0o27 },
          })
          process.args.push('zero', 'first')
        },
      )
      t.equal(stdout, '/tmp\n1 2\n1234\n567\n567 89\n0027\nzero first\n')
    },
  },
  {
    title: 'a folder that is not absolute is refused',
    check: refusals({
      'process.cwd': (config) => Object.assign(config.process, { cwd: 'tmp' }),
    }),
  },
  {
    title: 'consoleSize without a terminal is ignored',
    check(t, { shell }) {
      const size: Change = ({ process }) =>
        Object.assign(process, { consoleSize: { height: 25, width: 80 } })
      t.match(shell('tty', size), { stdout: /not a tty/ })
    },
  },
  {
    title: 'limits are those of the configuration, soft and hard',
    check(t, { shell }) {
      const { stdout } = shell(
        readLimits,
        limits([
          { type: 'RLIMIT_NOFILE', soft: 300, hard: 400 },
          { type: 'RLIMIT_CORE', soft: 0, hard: 4096 },
        ]),
      )
      t.match(stdout, /Max open files +300 +400 /)
      t.match(stdout, /Max core file size +0 +4096 /)
    },
  },
  {
    title: 'limits that no kernel has, or twice the same, are refused',
    check: refusals({
      unknown: limits([{ type: 'RLIMIT_NONSENSE', soft: 1, hard: 1 }]),
      twice: limits([
        { type: 'RLIMIT_NOFILE', soft: 300, hard: 400 },
        { type: 'RLIMIT_NOFILE', soft: 300, hard: 400 },
      ]),
    }),
  },
  {
    title: 'capabilities are those of the configuration',
    check(t, { shell }) {
      const names = ['CAP_KILL', 'CAP_CHOWN']
      const { stdout } = shell('grep Cap /proc/self/status', ({ process }) =>
        Object.assign(process, {
          capabilities: { bounding: names, effective: names, permitted: names },
        }),
      )
      t.match(stdout, /CapInh:\s+0{16}/)
      for (const set of ['Prm', 'Eff', 'Bnd'])
        t.match(stdout, new RegExp(`Cap${set}:\\s+0{14}21`), set)
    },
  },
  {
    title: 'capabilities that cannot be granted are warned of, and the container is created',
    check(t, { run, bundle, newId }) {
      for (const name of ['CAP_NONSENSE', 'CAP_SYS_RESOURCE']) {
        const id = newId()
        const names = ['CAP_KILL', name]
        const path = bundle(({ process }) =>
          Object.assign(process, {
            capabilities: { bounding: names, effective: names, permitted: names },
          }),
        )
        const { code, stderr } = run(['create', '--bundle', path, id])
        t.equal(code, 0, name)
        if (!grantable(name)) t.match(stderr, name)
        run(['delete', '--force', id])
      }
    },
  },
  {
    title: 'noNewPrivileges and oomScoreAdj; the latter is else the caller’s',
    check(t, { shell }) {
      const read = 'grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj'
      const set = shell(read, ({ process }) =>
        Object.assign(process, { noNewPrivileges: true, oomScoreAdj: 321 }),
      )
      t.match(set.stdout, /NoNewPrivs:\s+1\n321\n/)
      const own = readFileSync('/proc/self/oom_score_adj', 'utf8')
      t.match(shell(read).stdout, new RegExp(`NoNewPrivs:\\s+0\\n${own}`))
    },
  },
  {
    title: 'the names of the machine',
    check(t, { shell }) {
      const { stdout } = shell('cat /proc/sys/kernel/hostname', (config) =>
        Object.assign(config, { hostname: 'conforming' }),
      )
      t.equal(stdout, 'conforming\n')
    },
  },
  {
    title: 'annotations are a map of texts',
    check: refusals({
      'a list': (config) => Object.assign(config, { annotations: ['a'] }),
      'a number': (config) => Object.assign(config, { annotations: { key: 1 } }),
    }),
  },
  {
    title: 'an annotation without a name is refused',
    check: refusals({
      'an empty key': (config) => Object.assign(config, { annotations: { '': 'value' } }),
    }),
  },
  {
    title: 'annotations and properties that nobody knows are no error',
    check(t, { shell }) {
      const unknown: Change = (config) => {
        Object.assign(config, { annotations: { 'org.example.unknown': 'x' }, unknownTop: { a: 1 } })
        Object.assign(config.process, { unknownInside: true })
        Object.assign(config.linux, { unknownToo: [1] })
      }
      t.match(shell('echo fine', unknown), { code: 0, stdout: 'fine\n' })
    },
  },
  {
    title: 'values of a wrong type are refused',
    check: refusals({
      args: (config) => Object.assign(config.process, { args: 'sh' }),
      terminal: (config) => Object.assign(config.process, { terminal: 'yes' }),
      mounts: (config) => Object.assign(config, { mounts: {} }),
      'a namespace': ({ linux }) => Object.assign(linux, { namespaces: ['pid'] }),
    }),
  },
  {
    title: 'values that cannot be are refused',
    check: refusals({
      'an unknown namespace': ({ linux }) => linux.namespaces.push({ type: 'nonsense' }),
      'an unknown propagation': ({ linux }) =>
        Object.assign(linux, { rootfsPropagation: 'nonsense' }),
      'no program': (config) => Object.assign(config.process, { args: [] }),
    }),
  },
  {
    title: 'only three descriptors are open in the program',
    check(t, { shell }) {
      t.equal(shell('ls /proc/self/fd').stdout, '0\n1\n2\n3\n', 'and the one of ls itself')
    },
  },
  {
    title: 'the links of /dev are there',
    check(t, { shell }) {
      const { stdout } = shell('for n in fd stdin stdout stderr; do readlink /dev/$n; done')
      t.equal(stdout, '/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\n')
    },
  },
]

function grantable(name: string): boolean {
  if (name !== 'CAP_SYS_RESOURCE') return false
  const bounding =
    /CapBnd:\s+([0-9a-f]+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${bounding}`) & (1n << 24n)) !== 0n
}

void checkRuntime(t, rows)
