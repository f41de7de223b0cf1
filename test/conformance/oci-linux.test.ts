import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type Config,
  type Row,
  type RuntimeUnderTest,
  checkRuntime,
  eventually,
} from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config-linux.md.

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

const kinds = {
  pid: 'pid',
  mount: 'mnt',
  ipc: 'ipc',
  uts: 'uts',
  network: 'net',
  cgroup: 'cgroup',
  time: 'time',
  user: 'user',
} as const
type Kind = keyof typeof kinds

/** A process in new namespaces of these kinds; it ends with the test. */
async function holder(t: Test, ...options: readonly string[]): Promise<number> {
  const child = spawn('unshare', [...options, 'sleep', '1000'], { stdio: 'ignore' })
  t.teardown(() => child.kill('SIGKILL'))
  const pid = child.pid ?? 0
  await eventually(
    'the new namespaces',
    () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n',
  )
  return pid
}

function namespaceOf({ state }: RuntimeUnderTest, id: string, kind: Kind): string {
  return readlinkSync(`/proc/${state(id).pid}/ns/${kinds[kind]}`)
}

const mapping = [{ containerID: 0, hostID: 100_000, size: 1000 }]

function seccomp(section: object): Change {
  return ({ linux }) => Object.assign(linux, { seccomp: section })
}

const rows: Row[] = [
  {
    title: 'namespaces without a path are new, those that are not named are the runtime’s',
    check(t, runtime) {
      const named: Kind[] = ['pid', 'mount', 'ipc', 'uts']
      const id = runtime.sleeper()
      for (const kind of Object.keys(kinds) as Kind[]) {
        if (kind === 'cgroup') continue
        const own = readlinkSync(`/proc/self/ns/${kinds[kind]}`)
        t.equal(namespaceOf(runtime, id, kind) !== own, named.includes(kind), kind)
      }
      runtime.run(['delete', '--force', id])
    },
  },
  {
    title: 'new network and cgroup namespaces',
    check(t, runtime) {
      const id = runtime.sleeper(({ linux }) =>
        linux.namespaces.push({ type: 'network' }, { type: 'cgroup' }),
      )
      for (const kind of ['network', 'cgroup'] as const)
        t.not(namespaceOf(runtime, id, kind), readlinkSync(`/proc/self/ns/${kinds[kind]}`), kind)
      runtime.run(['delete', '--force', id])
    },
  },
  {
    title: 'a new user namespace has the mappings of the configuration',
    check(t, { shell }) {
      const { stdout, stderr } = shell('cat /proc/self/uid_map /proc/self/gid_map', ({ linux }) => {
        linux.namespaces.push({ type: 'user' })
        Object.assign(linux, { uidMappings: mapping, gidMappings: mapping })
      })
      t.match(stdout, /^\s+0\s+100000\s+1000\n\s+0\s+100000\s+1000\n/, stderr)
    },
  },
  {
    title: 'a new user namespace where the root lies on a shared mount, as on most hosts',
    check(t, { shell, rootfs }) {
      const mount = (...words: string[]): void => void spawnSync('mount', words)
      mount('--bind', rootfs, rootfs)
      mount('--make-shared', rootfs)
      try {
        const { stdout, stderr } = shell('echo ran', ({ linux }) => {
          linux.namespaces.push({ type: 'user' })
          Object.assign(linux, { uidMappings: mapping, gidMappings: mapping })
        })
        t.equal(stdout, 'ran\n', stderr)
      } finally {
        spawnSync('umount', [rootfs])
      }
    },
  },
  {
    title: 'a user namespace is joined, and new ones beside it belong to it',
    check(t, runtime) {
      const first = runtime.sleeper(({ linux }) => {
        linux.namespaces.push({ type: 'user' }, { type: 'network' })
        Object.assign(linux, { uidMappings: mapping, gidMappings: mapping })
      })
      const { pid } = runtime.state(first)
      const joined = (...types: Kind[]): { type: string; path: string }[] =>
        types.map((type) => ({ type, path: `/proc/${pid}/ns/${kinds[type]}` }))
      const second = runtime.sleeper(({ linux }) => {
        linux.namespaces.push(...joined('user', 'network'))
        // Engines say the mappings of the namespace once more.
        Object.assign(linux, { uidMappings: mapping, gidMappings: mapping })
      })
      for (const kind of ['user', 'network', 'pid', 'mount', 'ipc', 'uts'] as const) {
        const isShared = kind === 'user' || kind === 'network'
        const of = (id: string): string => namespaceOf(runtime, id, kind)
        t.equal(of(first) === of(second), isShared, kind)
      }
      // To be set by those alone who have the rights over it.
      const { stdout, stderr } = runtime.shell(
        'echo $$; cat /proc/self/uid_map /proc/sys/net/ipv4/ip_unprivileged_port_start',
        ({ linux }) => {
          linux.namespaces.push(...joined('user'), { type: 'network' })
          Object.assign(linux, { uidMappings: mapping, gidMappings: mapping })
          Object.assign(linux, { sysctl: { 'net.ipv4.ip_unprivileged_port_start': '7' } })
        },
      )
      t.match(stdout, /^1\n\s+0\s+100000\s+1000\n7\n/, stderr)
      for (const id of [second, first]) runtime.run(['delete', '--force', id])
    },
  },
  {
    title: 'a new time namespace has the offsets of the configuration',
    check(t, { shell }) {
      const { stdout } = shell('cat /proc/self/timens_offsets', ({ linux }) => {
        linux.namespaces.push({ type: 'time' })
        Object.assign(linux, { timeOffsets: { boottime: { secs: 1000, nanosecs: 5 } } })
      })
      t.match(stdout, /boottime\s+1000\s+5\n/)
    },
  },
  {
    title: 'namespaces with a path are joined',
    async check(t, runtime) {
      const pid = await holder(t, '--ipc', '--uts', '--net')
      const joined: Kind[] = ['ipc', 'uts', 'network']
      const id = runtime.sleeper(({ linux }) => {
        linux.namespaces = linux.namespaces.filter(({ type }) => type === 'pid' || type === 'mount')
        for (const type of joined)
          linux.namespaces.push({ type, path: `/proc/${pid}/ns/${kinds[type]}` })
      })
      for (const kind of joined)
        t.equal(
          namespaceOf(runtime, id, kind),
          readlinkSync(`/proc/${pid}/ns/${kinds[kind]}`),
          kind,
        )
      runtime.run(['delete', '--force', id])
    },
  },
  {
    title: 'the pid namespace of another container is joined',
    async check(t, runtime) {
      const first = runtime.sleeper()
      const path = `/proc/${runtime.state(first).pid}/ns/pid`
      const second = runtime.sleeper(({ linux }) => {
        linux.namespaces = linux.namespaces.map((one) =>
          one.type === 'pid' ? { type: 'pid', path } : one,
        )
      })
      t.equal(namespaceOf(runtime, second, 'pid'), readlinkSync(path))
      for (const id of [second, first]) runtime.run(['delete', '--force', id])
    },
  },
  {
    title:
      'without a mount namespace of its own the container is in the runtime’s, and its mounts go with it',
    check(t, runtime) {
      const mounts = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length
      const before = mounts()
      const id = runtime.sleeper(({ linux }) => {
        linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'mount')
      })
      t.equal(namespaceOf(runtime, id, 'mount'), readlinkSync('/proc/self/ns/mnt'))
      runtime.run(['delete', '--force', id])
      t.equal(mounts(), before)
    },
  },
  {
    title: 'namespace entries that contradict are refused',
    check: refusals({
      twice: ({ linux }) => linux.namespaces.push({ type: 'pid' }),
      'a path of another kind': ({ linux }) =>
        linux.namespaces.push({ type: 'network', path: '/proc/self/ns/uts' }),
      'no namespace at all': ({ linux }) =>
        linux.namespaces.push({ type: 'network', path: '/etc/passwd' }),
    }),
  },
  {
    title: 'a namespace path that is not absolute is refused',
    check: refusals({
      relative: ({ linux }) => linux.namespaces.push({ type: 'network', path: 'proc/self/ns/net' }),
    }),
  },
  {
    title: 'devices: those of the configuration and those that are always there',
    check(t, { shell }) {
      const { stdout } = shell(
        'ls -ln /dev; ls -l /dev/below; echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 1 /dev/urandom | wc -c; (echo x > /dev/full) 2>&1',
        ({ linux }) =>
          Object.assign(linux, {
            devices: [
              {
                path: '/dev/test',
                type: 'c',
                major: 1,
                minor: 7,
                fileMode: 0o640,
                uid: 12,
                gid: 34,
              },
              { path: '/dev/below/pipe', type: 'p', fileMode: 0o600 },
            ],
          }),
      )
      for (const [name, number] of [
        ['null', '1,\\s+3'],
        ['zero', '1,\\s+5'],
        ['full', '1,\\s+7'],
        ['random', '1,\\s+8'],
        ['urandom', '1,\\s+9'],
        ['tty', '5,\\s+0'],
      ] as const)
        t.match(stdout, new RegExp(`^crw.* ${number} .* ${name}$`, 'm'), name)
      t.match(stdout, /^crw-r-----\s+1 12\s+34\s+1,\s+7 .* test$/m)
      t.match(stdout, /^prw-------.* pipe$/m)
      t.match(stdout, /ptmx/)
      t.match(stdout, /^3\n1\n.*No space left/m)
    },
  },
  {
    title: 'a file that is not the device of its name is an error',
    check(t, { bundle, create, newId, rootfs, run }) {
      mkdirSync(join(rootfs, 'devices'), { recursive: true })
      const at =
        (name: string, minor: number): Change =>
        ({ linux }) =>
          Object.assign(linux, {
            devices: [{ path: `/devices/${name}`, type: 'c', major: 1, minor }],
          })
      writeFileSync(join(rootfs, 'devices/file'), '')
      if (!existsSync(join(rootfs, 'devices/null')))
        execFileSync('mknod', [join(rootfs, 'devices/null'), 'c', '1', '3'])
      t.not(create(newId(), bundle(at('file', 3))).code, 0, 'a file')
      t.not(create(newId(), bundle(at('null', 5))).code, 0, 'another device')
      const id = newId()
      t.equal(create(id, bundle(at('null', 3))).code, 0, 'the device itself')
      run(['delete', '--force', id])
    },
  },
  {
    title: 'sysctl: those of its namespaces are set, those of the host are refused',
    check(t, { shell, bundle, create, newId }) {
      const { stdout } = shell('cat /proc/sys/kernel/shm_rmid_forced', ({ linux }) =>
        Object.assign(linux, { sysctl: { 'kernel.shm_rmid_forced': '1' } }),
      )
      t.equal(stdout, '1\n')
      t.not(
        create(
          newId(),
          bundle(({ linux }) => Object.assign(linux, { sysctl: { 'vm.swappiness': '1' } })),
        ).code,
        0,
      )
    },
  },
  {
    title: 'seccomp: actions with their errno, by name and argument',
    check(t, { shell }) {
      const { stdout } = shell(
        'mkdir /tmp/refused 2>&1; kill -0 1 && echo other calls work',
        seccomp({
          defaultAction: 'SCMP_ACT_ALLOW',
          architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64'],
          syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 }],
        }),
      )
      t.match(stdout, 'No space left on device')
      t.match(stdout, 'other calls work')
    },
  },
  {
    title: 'seccomp: sections that contradict are refused',
    check: refusals({
      'an errno for an action without': seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        defaultErrnoRet: 1,
      }),
      'an errno for a rule without': seccomp({
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: [{ names: ['getpid'], action: 'SCMP_ACT_ALLOW', errnoRet: 1 }],
      }),
      'a rule without names': seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: [], action: 'SCMP_ACT_ERRNO' }],
      }),
      'metadata without a listener': seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        listenerMetadata: 'x',
      }),
      'an unknown flag': seccomp({
        defaultAction: 'SCMP_ACT_ALLOW',
        flags: ['SECCOMP_FILTER_FLAG_NONSENSE'],
      }),
    }),
  },
  {
    title: 'intelRdt lines that are none are refused',
    async check(t, { create, newId, bundle }) {
      const cases = {
        'no MB': { memBwSchema: 'L3:0=10' },
        'two lines of memBwSchema': { memBwSchema: 'MB:0=10\nL3:0=1' },
        'two lines of schemata': { schemata: ['MB:0=10\nL3:0=1'] },
        'a folder elsewhere': { closID: '../elsewhere' },
      }
      for (const [title, intelRdt] of Object.entries(cases)) {
        const made = create(
          newId(),
          bundle(({ linux }) => void Object.assign(linux, { intelRdt })),
        )
        t.not(made.code, 0, title)
        // That resctrl is missing is an error as well, and says nothing of the line.
        t.notMatch(made.stderr, /resctrl|intelrdt is not/i, title)
      }
    },
  },
  {
    title: 'intelRdt without resctrl is an error',
    check: refusals({
      'a class of its own': ({ linux }) =>
        Object.assign(linux, { intelRdt: { closID: 'conformance', l3CacheSchema: 'L3:0=f' } }),
    }),
  },
]

void checkRuntime(t, rows)
