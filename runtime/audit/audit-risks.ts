import type { AuditFacts, AuditMount } from './audit-facts.ts'

export type RiskLevel = 'critical' | 'high' | 'medium' | 'low'

export interface Risk {
  readonly level: RiskLevel
  /** What is so. */
  readonly finding: string
  /** What somebody who has taken over the container can do with it. */
  readonly consequence: string
  /** What to leave out or to add. */
  readonly cure: string
}

type Rule = (facts: AuditFacts) => readonly Risk[]

/** Capabilities by which root in the container becomes root of the host, or nearly (capabilities(7)). */
const dangerous: Readonly<Record<string, readonly [RiskLevel, string]>> = {
  CAP_SYS_ADMIN: ['critical', 'mounts the host’s disks, changes control groups, enters namespaces'],
  CAP_SYS_MODULE: ['critical', 'loads code into the kernel'],
  CAP_SYS_RAWIO: ['critical', 'reads and writes the machine’s memory and ports'],
  CAP_BPF: ['high', 'runs programs in the kernel'],
  CAP_PERFMON: ['high', 'reads the kernel’s memory through its measurements'],
  CAP_SYS_PTRACE: ['high', 'reads and changes every process that it can see'],
  CAP_DAC_READ_SEARCH: ['high', 'opens files of the host’s disks by their numbers'],
  CAP_NET_ADMIN: ['medium', 'changes addresses, routes and filters of its network namespace'],
  CAP_SYS_BOOT: ['high', 'restarts the machine'],
  CAP_SYS_TIME: ['high', 'sets the machine’s clock'],
  CAP_SYSLOG: ['medium', 'reads the kernel’s log, and with it its addresses'],
  CAP_MAC_ADMIN: ['high', 'changes the rules of AppArmor or SELinux'],
  CAP_MAC_OVERRIDE: ['high', 'passes by the rules of AppArmor or SELinux'],
  CAP_SYS_NICE: ['low', 'takes processor time from everybody else'],
  CAP_SYS_RESOURCE: ['low', 'goes over limits of disks and processes'],
  CAP_NET_RAW: ['low', 'forges packets on its network'],
}

const capabilities: Rule = ({ capabilities: { effective, bounding }, rootIs, namespaces }) => {
  const ownUsers = namespaces.some(({ type, isHosts }) => type === 'user' && !isHosts)
  return Object.entries(dangerous).flatMap(([name, [level, consequence]]) => {
    if (!effective.includes(name) && !bounding.includes(name)) return []
    const how = effective.includes(name) ? 'has' : 'may get (by a set-user-id program)'
    return [
      {
        // Within a user namespace it holds for what belongs to that namespace alone.
        level: ownUsers && rootIs !== 0 ? 'low' : level,
        finding: `it ${how} ${name}`,
        consequence,
        cure: `--cap-drop ${name.slice(4)}`,
      },
    ]
  })
}

const sharedNamespaces: Readonly<Record<string, readonly [RiskLevel, string, string]>> = {
  pid: ['high', 'sees and signals every process of the host', '--pid private'],
  net: [
    'high',
    'listens on the host’s addresses, reaches services of its loopback and abstract sockets',
    '--network bridge',
  ],
  ipc: ['medium', 'reads shared memory of the host’s programs', '--ipc private'],
  uts: ['low', 'is told the host’s name', '--uts private'],
  cgroup: ['low', 'sees where it is in the host’s control groups', '--cgroupns private'],
  mnt: ['critical', 'has the host’s own mounts', 'an image'],
}

const namespaceRule: Rule = ({ namespaces }) =>
  namespaces.flatMap(({ type, isHosts }) => {
    const known = isHosts ? sharedNamespaces[type] : undefined
    if (!known) return []
    const [level, consequence, cure] = known
    return [{ level, finding: `its ${type} namespace is the host’s`, consequence, cure }]
  })

const userRule: Rule = ({ rootIs, user: { uid }, capabilities: { bounding } }) =>
  rootIs === 0 && uid === 0
    ? [
        {
          level: 'medium',
          finding: 'its root is the host’s root',
          consequence: 'a fault of the kernel, or one mount too many, makes it root of the machine',
          cure: '--userns auto, or --user UID',
        },
      ]
    : rootIs === 0 && bounding.length > 0
      ? [
          {
            level: 'low',
            finding: `it runs as user ${uid}, but set-user-id programs of the image become the host’s root`,
            consequence:
              'such a program with a fault gives it the capabilities of the bounding set',
            cure: '--security-opt no-new-privileges, or --cap-drop ALL',
          },
        ]
      : []

const filterRule: Rule = ({ seccompMode }) =>
  seccompMode === 'none'
    ? [
        {
          level: 'high',
          finding: 'no filter of system calls',
          consequence: 'every call of the kernel can be tried, those with the most faults too',
          cure: 'leave --privileged and seccomp=unconfined out',
        },
      ]
    : []

const privilegeRule: Rule = ({ noNewPrivileges, user: { uid } }) =>
  noNewPrivileges || uid === 0
    ? []
    : [
        {
          level: 'low',
          finding: 'programs may gain privileges when they are executed',
          consequence: 'set-user-id programs of the image work',
          cure: '--security-opt no-new-privileges',
        },
      ]

/** Paths of the host that lead to the whole of it, by what they give. */
const tellingPaths: readonly [RegExp, RiskLevel, string][] = [
  [
    /\/(?:docker|podman|containerd|crio|mycontainer|engine)[^/]*\.sock$/,
    'critical',
    'tells an engine to run anything, as root of the host',
  ],
  [/^\/$/, 'critical', 'has every file of the host'],
  [
    /^\/(?:etc|root|boot|usr|bin|sbin|lib|lib64|home|var\/lib|dev)(?:\/|$)/,
    'high',
    'changes what the host itself runs or believes',
  ],
  [/^\/(?:proc|sys)(?:\/|$)/, 'high', 'changes settings of the host’s kernel'],
]

const mountRule: Rule = ({ mounts }) =>
  mounts.filter(isOfHost).flatMap((mount) => {
    const found = tellingPaths.find(([pattern]) => pattern.test(mount.root))
    if (!found) return []
    const [, level, consequence] = found
    // A socket is written to through a read-only mount as well.
    const isSocket = mount.root.endsWith('.sock')
    const isReadOnly = !mount.isWritable && !isSocket
    return [
      {
        level: isReadOnly ? 'medium' : level,
        finding: `${mount.root} of the host is at ${mount.destination}${isReadOnly ? ', read-only' : ''}`,
        consequence: isReadOnly ? 'reads what is there' : consequence,
        cure: isReadOnly ? 'mount less of it' : 'mount less of it, or read-only (:ro)',
      },
    ]
  })

/** Files of a disk that are not the container's own: a bind mount. */
function isOfHost({ destination, fileSystem }: AuditMount): boolean {
  const isKernels = /^(?:overlay|tmpfs|proc|sysfs|devpts|mqueue|cgroup2?|devtmpfs)$/.test(
    fileSystem,
  )
  const isOurs = /^\/etc\/(?:hosts|hostname|resolv\.conf)$/.test(destination)
  return !isKernels && !isOurs && destination !== '/'
}

const kernelFiles: Rule = ({ mounts }) =>
  mounts
    .filter(({ fileSystem, isWritable }) => /^(?:sysfs|cgroup2?)$/.test(fileSystem) && isWritable)
    .slice(0, 1)
    .map(({ destination, fileSystem }) => ({
      level: fileSystem === 'sysfs' ? ('high' as const) : ('medium' as const),
      finding: `${destination} (${fileSystem}) is writable`,
      consequence: 'changes settings of the kernel that hold for the whole machine',
      cure: 'leave --privileged out',
    }))

const procRule: Rule = ({ mounts }) => {
  const proc = mounts.filter(({ fileSystem }) => fileSystem === 'proc')
  const isProtected = proc.some(
    ({ destination, isWritable }) => destination === '/proc/sys' && !isWritable,
  )
  return proc.length === 0 || isProtected
    ? []
    : [
        {
          level: 'high',
          finding: '/proc/sys is writable',
          consequence:
            'has the kernel start a program of its own as the host’s root (core_pattern)',
          cure: 'leave --privileged and systempaths=unconfined out',
        },
      ]
}

const deviceRule: Rule = ({ devices }) => {
  // Making nodes alone (`m`) opens nothing.
  const all = devices.find((rule) => /^[ab] \*:\* \w*[rw]/.test(rule))
  if (all === undefined) return []
  return [
    {
      level: 'critical',
      finding: 'it may open every device',
      consequence: 'reads and writes the host’s disks',
      cure: 'name the devices that it needs: --device',
    },
  ]
}

const limitRule: Rule = ({ limits: { memory, pids } }) => [
  ...(memory > 0
    ? []
    : [
        {
          level: 'low' as const,
          finding: 'no limit of memory',
          consequence: 'takes the memory of all others',
          cure: '--memory',
        },
      ]),
  ...(pids > 0
    ? []
    : [
        {
          level: 'low' as const,
          finding: 'no limit of processes',
          consequence: 'a fork bomb takes the machine with it',
          cure: '--pids-limit',
        },
      ]),
]

const order: readonly RiskLevel[] = ['critical', 'high', 'medium', 'low']

/** What is risky about a container, the worst first. */
export function findRisks(facts: AuditFacts): Risk[] {
  const rules = [
    capabilities,
    namespaceRule,
    userRule,
    filterRule,
    privilegeRule,
    mountRule,
    kernelFiles,
    procRule,
    deviceRule,
    limitRule,
  ]
  return rules
    .flatMap((rule) => rule(facts))
    .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}
