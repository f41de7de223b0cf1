import t from 'tap'
import { wrongFields } from '../wrong-fields.ts'

const minimal = { ociVersion: '1.3.0', root: { path: 'rootfs' } }
const process = { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/' }

const ns = (...types: string[]): { namespaces: { type: string }[] } => ({
  namespaces: types.map((type) => ({ type })),
})
const row = { containerID: 0, hostID: 1000, size: 10 }
const rule = { names: ['read'], action: 'SCMP_ACT_ERRNO' }

const semantic: { name: string; value: object; wrong: string[] }[] = [
  { name: 'version without a patch', value: { ociVersion: '1.3' }, wrong: ['ociVersion'] },
  { name: 'version 2', value: { ociVersion: '2.0.0' }, wrong: ['ociVersion'] },
  { name: 'a development version', value: { ociVersion: '1.3.0-rc.1+dev' }, wrong: [] },
  { name: 'NUL in a path', value: { root: { path: 'a\0b' } }, wrong: ['root.path'] },
  {
    name: 'NUL in a map key',
    value: { annotations: { 'a\0': 'b' } },
    wrong: ['annotations["a\\u0000"]'],
  },
  { name: 'empty annotation key', value: { annotations: { '': 'b' } }, wrong: ['annotations'] },
  { name: 'no program', value: { process: { ...process, args: [] } }, wrong: ['process.args'] },
  { name: 'relative cwd', value: { process: { ...process, cwd: 'tmp' } }, wrong: ['process.cwd'] },
  {
    name: 'environment without =',
    value: { process: { ...process, env: ['A=1', 'B', '=c'] } },
    wrong: ['process.env[1]', 'process.env[2]'],
  },
  {
    name: 'uid that means "unchanged"',
    value: { process: { ...process, user: { uid: 4294967295, gid: 0 } } },
    wrong: ['process.user.uid'],
  },
  {
    name: 'umask with file type bits',
    value: { process: { ...process, user: { uid: 0, gid: 0, umask: 0o1000 } } },
    wrong: ['process.user.umask'],
  },
  {
    name: 'rlimits twice, soft above hard',
    value: {
      process: {
        ...process,
        rlimits: [
          { type: 'RLIMIT_CPU', soft: 2, hard: 1 },
          { type: 'RLIMIT_CPU', soft: 1, hard: 1 },
        ],
      },
    },
    wrong: ['process.rlimits[0].soft', 'process.rlimits[1].type'],
  },
  {
    name: 'real-time policy without priority',
    value: { process: { ...process, scheduler: { policy: 'SCHED_FIFO' } } },
    wrong: ['process.scheduler.priority'],
  },
  {
    name: 'priority with SCHED_OTHER',
    value: { process: { ...process, scheduler: { policy: 'SCHED_OTHER', priority: 5, nice: 20 } } },
    wrong: ['process.scheduler.nice', 'process.scheduler.priority'],
  },
  {
    name: 'deadline past the period',
    value: {
      process: {
        ...process,
        scheduler: { policy: 'SCHED_DEADLINE', runtime: 1, deadline: 9, period: 8 },
      },
    },
    wrong: ['process.scheduler.deadline'],
  },
  {
    name: 'CPU list',
    value: { process: { ...process, execCPUAffinity: { initial: '0-3,7', final: '3-1' } } },
    wrong: ['process.execCPUAffinity.final'],
  },
  {
    name: 'relative hook without time',
    value: { hooks: { poststop: [{ path: '/ok' }, { path: 'no', timeout: 0 }] } },
    wrong: ['hooks.poststop[1].path', 'hooks.poststop[1].timeout'],
  },
  { name: 'hostname without uts namespace', value: { hostname: 'a' }, wrong: ['hostname'] },
  {
    name: 'hostname too long',
    value: { hostname: 'a'.repeat(65), linux: ns('uts') },
    wrong: ['hostname'],
  },
  {
    name: 'namespace twice',
    value: { linux: ns('pid', 'pid') },
    wrong: ['linux.namespaces[1].type'],
  },
  {
    name: 'relative namespace path',
    value: { linux: { namespaces: [{ type: 'pid', path: 'a' }] } },
    wrong: ['linux.namespaces[0].path'],
  },
  {
    name: 'mapping without user namespace',
    value: { linux: { uidMappings: [row] } },
    wrong: ['linux.uidMappings'],
  },
  {
    name: 'user namespace without mappings',
    value: { linux: ns('user') },
    wrong: ['linux.uidMappings', 'linux.gidMappings'],
  },
  {
    name: 'joined user namespace needs none',
    value: { linux: { namespaces: [{ type: 'user', path: '/proc/1/ns/user' }] } },
    wrong: [],
  },
  {
    name: 'overlapping and overflowing rows',
    value: {
      linux: {
        ...ns('user'),
        uidMappings: [row, { ...row, hostID: 5000 }],
        gidMappings: [{ ...row, size: 4294967295 }],
      },
    },
    wrong: ['linux.uidMappings[1].containerID', 'linux.gidMappings[0].hostID'],
  },
  {
    name: 'time offset without namespace',
    value: { linux: { timeOffsets: { boottime: { secs: 1 } } } },
    wrong: ['linux.timeOffsets'],
  },
  {
    name: 'time offset of a joined namespace',
    value: {
      linux: { namespaces: [{ type: 'time', path: '/a' }], timeOffsets: { boottime: { secs: 1 } } },
    },
    wrong: ['linux.timeOffsets'],
  },
  {
    name: 'unknown clock',
    value: { linux: { ...ns('time'), timeOffsets: { realtime: { nanosecs: 1e9 } } } },
    wrong: ['linux.timeOffsets.realtime', 'linux.timeOffsets.realtime.nanosecs'],
  },
  {
    name: 'network device without namespace',
    value: { linux: { netDevices: { eth0: {} } } },
    wrong: ['linux.netDevices'],
  },
  {
    name: 'network device names',
    value: {
      linux: { ...ns('network'), netDevices: { eth0: { name: 'c%d' }, eth1: { name: 'a/b' } } },
    },
    wrong: ['linux.netDevices.eth1.name'],
  },
  {
    name: 'mount without destination',
    value: { mounts: [{ destination: '' }] },
    wrong: ['mounts[0].destination'],
  },
  {
    name: 'bind without source',
    value: { mounts: [{ destination: '/a', options: ['rbind'] }] },
    wrong: ['mounts[0].source'],
  },
  {
    name: 'two options in one',
    value: { mounts: [{ destination: '/a', options: ['ro,suid'] }] },
    wrong: ['mounts[0].options[0]'],
  },
  {
    name: 'half an id mapping',
    value: {
      mounts: [{ destination: '/a', source: '/b', options: ['bind', 'idmap'], uidMappings: [row] }],
    },
    wrong: ['mounts[0].gidMappings'],
  },
  {
    name: 'id mapping of a fresh file system',
    value: {
      mounts: [{ destination: '/a', type: 'tmpfs', uidMappings: [row], gidMappings: [row] }],
    },
    wrong: ['mounts[0].options'],
  },
  {
    name: 'idmap with no mapping anywhere',
    value: { mounts: [{ destination: '/a', source: '/b', options: ['bind', 'idmap'] }] },
    wrong: ['mounts[0].uidMappings'],
  },
  {
    name: 'device without numbers',
    value: {
      linux: {
        devices: [
          { path: 'dev/a', type: 'c' },
          { path: '/dev/p', type: 'p' },
        ],
      },
    },
    wrong: ['linux.devices[0].path', 'linux.devices[0].major', 'linux.devices[0].minor'],
  },
  {
    name: 'relative masked path',
    value: { linux: { maskedPaths: ['/a', 'b'] } },
    wrong: ['linux.maskedPaths[1]'],
  },
  {
    name: 'cgroup path that climbs',
    value: { linux: { cgroupsPath: '/a/../../b' } },
    wrong: ['linux.cgroupsPath'],
  },
  {
    name: 'sysctl of the host',
    value: {
      linux: {
        ...ns('network', 'ipc', 'uts'),
        sysctl: { 'kernel.core_pattern': '|/x', 'vm.swappiness': '1' },
      },
    },
    wrong: ['linux.sysctl["kernel.core_pattern"]', 'linux.sysctl["vm.swappiness"]'],
  },
  {
    name: 'sysctl that climbs out',
    value: { linux: { ...ns('network'), sysctl: { 'net/../kernel/core_pattern': '|/x' } } },
    wrong: ['linux.sysctl["net/../kernel/core_pattern"]'],
  },
  {
    name: 'sysctl that climbs in the dotted form',
    value: { linux: { ...ns('network'), sysctl: { 'net.//.kernel': '1' } } },
    wrong: ['linux.sysctl["net.//.kernel"]'],
  },
  {
    name: 'sysctl without its namespace',
    value: { linux: { sysctl: { 'net.core.somaxconn': '1' } } },
    wrong: ['linux.sysctl["net.core.somaxconn"]'],
  },
  {
    name: 'sysctl in slashes, with a dotted interface',
    value: { linux: { ...ns('network'), sysctl: { 'net/ipv4/conf/eth0.1/forwarding': '1' } } },
    wrong: [],
  },
  {
    name: 'personality flags',
    value: { linux: { personality: { domain: 'LINUX', flags: ['X'] } } },
    wrong: ['linux.personality.flags'],
  },
  {
    name: 'memory policy without nodes',
    value: { linux: { memoryPolicy: { mode: 'MPOL_BIND' } } },
    wrong: ['linux.memoryPolicy.nodes'],
  },
  {
    name: 'memory policy flags',
    value: {
      linux: {
        memoryPolicy: {
          mode: 'MPOL_INTERLEAVE',
          nodes: '0',
          flags: ['MPOL_F_STATIC_NODES', 'MPOL_F_RELATIVE_NODES'],
        },
      },
    },
    wrong: ['linux.memoryPolicy.flags'],
  },
  {
    name: 'resctrl folder',
    value: { linux: { intelRdt: { closID: '../x' } } },
    wrong: ['linux.intelRdt.closID'],
  },
  {
    name: 'swap below the limit',
    value: { linux: { resources: { memory: { limit: 20, swap: 10 } } } },
    wrong: ['linux.resources.memory.swap'],
  },
  {
    name: 'swap without a limit',
    value: { linux: { resources: { memory: { swap: 10 } } } },
    wrong: ['linux.resources.memory.swap'],
  },
  {
    name: 'unlimited swap',
    value: { linux: { resources: { memory: { limit: 20, swap: -1 } } } },
    wrong: [],
  },
  {
    name: 'CPU ranges',
    value: { linux: { resources: { cpu: { quota: 999, period: 1000001, idle: 2, cpus: 'x' } } } },
    wrong: [
      'linux.resources.cpu.period',
      'linux.resources.cpu.quota',
      'linux.resources.cpu.idle',
      'linux.resources.cpu.cpus',
    ],
  },
  {
    name: 'negative quota lifts the limit',
    value: { linux: { resources: { cpu: { quota: -1, period: 0 } } } },
    wrong: [],
  },
  {
    name: 'I/O weight',
    value: {
      linux: {
        resources: { blockIO: { weight: 5, weightDevice: [{ major: 8, minor: 0, weight: 1001 }] } },
      },
    },
    wrong: ['linux.resources.blockIO.weight', 'linux.resources.blockIO.weightDevice[0].weight'],
  },
  {
    name: 'huge page sizes',
    value: { linux: { resources: { hugepageLimits: [{ pageSize: '2mb', limit: 1 }] } } },
    wrong: ['linux.resources.hugepageLimits[0].pageSize'],
  },
  {
    name: 'unified key that leaves the cgroup',
    value: { linux: { resources: { unified: { '../memory.max': '1' } } } },
    wrong: ['linux.resources.unified["../memory.max"]'],
  },
  {
    name: 'device rule access',
    value: { linux: { resources: { devices: [{ allow: true, access: 'rx' }] } } },
    wrong: ['linux.resources.devices[0].access'],
  },
  {
    name: 'errno without meaning',
    value: {
      linux: {
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          defaultErrnoRet: 1,
          syscalls: [{ ...rule, errnoRet: 5000 }],
        },
      },
    },
    wrong: ['linux.seccomp.defaultErrnoRet', 'linux.seccomp.syscalls[0].errnoRet'],
  },
  {
    name: 'notify without a listener',
    value: {
      linux: {
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ ...rule, action: 'SCMP_ACT_NOTIFY' }],
        },
      },
    },
    wrong: ['linux.seccomp.listenerPath'],
  },
  {
    name: 'metadata without a listener',
    value: { linux: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', listenerMetadata: 'x' } } },
    wrong: ['linux.seccomp.listenerMetadata'],
  },
  {
    name: 'seventh argument',
    value: {
      linux: {
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ ...rule, args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }],
        },
      },
    },
    wrong: ['linux.seccomp.syscalls[0].args[0].index'],
  },
]
for (const { name, value, wrong } of semantic)
  t.test(name, async (t) => t.strictSame(wrongFields({ ...minimal, ...value }), wrong))
