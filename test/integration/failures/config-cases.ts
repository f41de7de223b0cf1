import type { BrokenConfig, ConfigCase } from './failure-case.ts'

const changed =
  (change: (config: BrokenConfig, host: string) => void): ConfigCase['change'] =>
  (config, host) => {
    change(config, host)
    return undefined
  }

const mount = (destination: string, type: string, source: string, options: string[] = []) =>
  changed(({ mounts }) => void mounts.push({ destination, type, source, options }))

/** Faults of config.json itself. */
export const configCases: readonly ConfigCase[] = [
  {
    name: 'no JSON',
    change: () => '{"ociVersion": "1.0.2",',
    exitCode: 1,
    cause: /config\.json.*JSON/,
    cure: /line|comma|spec/,
  },
  {
    name: 'JSON that is no object',
    change: () => '[]',
    exitCode: 1,
    cause: /config\.json|object/,
    cure: /object|spec/,
  },
  {
    name: 'no version',
    change: changed((config) => void delete config['ociVersion']),
    exitCode: 1,
    cause: /ociVersion/,
    cure: /"spec" writes/,
  },
  {
    name: 'a version of the future',
    change: changed((config) => void (config['ociVersion'] = '9.0.0')),
    exitCode: 1,
    cause: /ociVersion.*9\.0\.0/,
    cure: /1\.\d/,
  },
  {
    name: 'no process',
    change: changed((config) => void delete (config as Partial<BrokenConfig>).process),
    exitCode: 1,
    cause: /process/,
    cure: /process\.args|add|name/i,
  },
  {
    name: 'no arguments',
    change: changed(({ process }) => void (process.args = [])),
    exitCode: 1,
    cause: /process\.args/,
    cure: /program|one/,
  },
  {
    name: 'arguments in one text',
    change: changed(({ process }) => void (process.args = 'sleep 1' as never)),
    exitCode: 1,
    cause: /process\.args/,
    cure: /list|array/,
  },
  {
    name: 'a relative working folder',
    change: changed(({ process }) => void (process['cwd'] = 'tmp')),
    exitCode: 1,
    cause: /process\.cwd.*tmp/,
    cure: /absolute|\//,
  },
  {
    name: 'a user by name',
    change: changed(({ process }) => void (process.user = { username: 'root', uid: 'root' })),
    exitCode: 1,
    cause: /process\.user\.uid/,
    cure: /number/,
  },
  {
    name: 'an unknown limit',
    change: changed(
      ({ process }) => void (process['rlimits'] = [{ type: 'RLIMIT_FILES', soft: 1, hard: 1 }]),
    ),
    exitCode: 1,
    cause: /RLIMIT_FILES/,
    cure: /RLIMIT_NOFILE/,
  },
  {
    name: 'no root',
    change: changed((config) => void delete (config as Partial<BrokenConfig>).root),
    exitCode: 1,
    cause: /root/,
    cure: /"spec" writes/,
  },
  {
    name: 'a root that does not exist',
    change: changed((config) => void (config.root = { path: '/does/not/exist' })),
    exitCode: 1,
    cause: /\/does\/not\/exist/,
    cure: /root\.path/,
  },
  {
    name: 'an unknown namespace',
    change: changed(({ linux }) => void linux.namespaces.push({ type: 'networking' })),
    exitCode: 1,
    cause: /networking/,
    cure: /network/,
  },
  {
    name: 'a namespace twice',
    change: changed(({ linux }) => void linux.namespaces.push({ type: 'pid' })),
    exitCode: 1,
    cause: /pid/,
    cure: /twice|once|remove/i,
  },
  {
    name: 'a namespace at a path that is missing',
    change: changed(({ linux }) => {
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'network')
      linux.namespaces.push({ type: 'network', path: '/run/netns/nothing-like-it' })
    }),
    exitCode: 1,
    cause: /\/run\/netns\/nothing-like-it/,
    cure: /path|ip netns/,
  },
  {
    name: 'a namespace of another kind',
    change: changed(({ linux }) => {
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'network')
      linux.namespaces.push({ type: 'network', path: '/proc/self/ns/uts' })
    }),
    exitCode: 1,
    cause: /join a namespace.*networkNamespace/,
    cure: /another kind/,
  },
  {
    name: 'a host name without a namespace for it',
    change: changed(({ linux }) => {
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'uts')
    }),
    exitCode: 1,
    cause: /hostname/,
    cure: /uts/,
  },
  {
    name: 'a sysctl of the network, in the host’s',
    change: changed(({ linux }) => {
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'network')
      linux['sysctl'] = { 'net.ipv4.ip_forward': '1' }
    }),
    exitCode: 1,
    cause: /net\.ipv4\.ip_forward/,
    cure: /network/,
  },
  {
    name: 'a namespace of users without a mapping',
    change: changed(({ linux }) => void linux.namespaces.push({ type: 'user' })),
    exitCode: 1,
    cause: /uidMappings/,
    cure: /uidMappings/,
  },
  {
    name: 'a mount without destination',
    change: changed(({ mounts }) => void mounts.push({ type: 'tmpfs', source: 'tmpfs' })),
    exitCode: 1,
    cause: /mounts.*destination/,
    cure: /absolute|path|text|string/,
  },
  {
    name: 'an unknown file system',
    change: mount('/mnt', 'nothingfs', 'none'),
    exitCode: 1,
    cause: /nothingfs/,
    cure: /\/proc\/filesystems|module/,
  },
  {
    name: 'an unknown option of a mount',
    change: mount('/mnt', 'tmpfs', 'tmpfs', ['sise=1m']),
    exitCode: 1,
    cause: /sise/,
    cure: /size|option/,
  },
  {
    name: 'a bind mount without source',
    change: changed(
      ({ mounts }) => void mounts.push({ destination: '/mnt', type: 'bind', options: ['bind'] }),
    ),
    exitCode: 1,
    cause: /mounts.*source/,
    cure: /source/,
  },
  {
    name: 'a mount below a file',
    change: mount('/etc/passwd/x', 'tmpfs', 'tmpfs'),
    exitCode: 1,
    cause: /\/etc\/passwd/,
    cure: /folder|directory/,
  },
  {
    name: 'a device of no type',
    change: changed(
      ({ linux }) => void (linux['devices'] = [{ path: '/dev/x', type: 'q', major: 1, minor: 3 }]),
    ),
    exitCode: 1,
    cause: /devices.*type/,
    cure: /"?c"?, |b, /,
  },
  {
    name: 'a hook that does not exist',
    change: changed(
      (config) => void (config['hooks'] = { prestart: [{ path: '/does/not/exist' }] }),
    ),
    exitCode: 1,
    cause: /hook.*\/does\/not\/exist|\/does\/not\/exist.*hook/,
    cure: /exist on the host/,
  },
  {
    name: 'a hook that fails',
    change: changed(
      (config) =>
        void (config['hooks'] = {
          createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', 'echo no licence >&2; exit 3'] }],
        }),
    ),
    exitCode: 1,
    cause: /\/bin\/sh: a hook that fails/,
    cure: /run it by hand/,
  },
  {
    name: 'a hook with a relative path',
    change: changed((config) => void (config['hooks'] = { prestart: [{ path: 'bin/sh' }] })),
    exitCode: 1,
    cause: /hooks\.prestart.*path/,
    cure: /absolute/,
  },
  {
    name: 'a seccomp rule with an unknown architecture',
    change: changed(
      ({ linux }) =>
        void (linux['seccomp'] = {
          defaultAction: 'SCMP_ACT_ALLOW',
          architectures: ['SCMP_ARCH_Z80'],
        }),
    ),
    exitCode: 1,
    cause: /SCMP_ARCH_Z80/,
    cure: /SCMP_ARCH_X86_64/,
  },
  {
    name: 'an oom score out of range',
    change: changed(({ process }) => void (process['oomScoreAdj'] = 5000)),
    exitCode: 1,
    cause: /oomScoreAdj.*5000/,
    cure: /-1000.*1000/,
  },
  {
    name: 'an unknown propagation of the root',
    change: changed(({ linux }) => void (linux['rootfsPropagation'] = 'rshare')),
    exitCode: 1,
    cause: /rootfsPropagation.*rshare/,
    cure: /rshared/,
  },
  {
    name: 'an id of a container’s own that is none',
    change: changed(({ linux }) => {
      linux.namespaces.push({ type: 'user' })
      linux['uidMappings'] = [{ containerID: 0, hostID: 100000, size: 0 }]
      linux['gidMappings'] = [{ containerID: 0, hostID: 100000, size: 65_536 }]
    }),
    exitCode: 1,
    cause: /uidMappings.*size/,
    cure: /1|positive/,
  },
]
