import type { CompileExecInput, CompileInput } from '../../../runtime/program/compile-input.ts'
import { compileExec } from '../../../runtime/program/compile-exec.ts'
import { compile } from '../../../runtime/program/compile.ts'
import type { Program } from '../../../runtime/program/program.ts'
import { sampleConfig, sampleInput } from './sample-config.ts'

const config = sampleConfig()
const linux = config.linux!
const process = config.process!
const mappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
const withUser = {
  ...config,
  linux: {
    ...linux,
    namespaces: [...linux.namespaces!, { type: 'user' as const }],
    uidMappings: mappings,
    gidMappings: mappings,
  },
}
const terminal = { kind: 'terminal' as const, rows: 24, columns: 80 }
const host = sampleInput().host

const cgroup: NonNullable<CompileInput['cgroup']> = {
  location: {
    path: '/mycontainer/web',
    v2: '/cg/mycontainer/web',
    v1: { memory: '/v1/mycontainer/web' },
  },
  folders: [
    { path: '/cg/mycontainer', why: 'v2 parent, shared', isShared: true },
    { path: '/cg/mycontainer/web', why: 'v2 group of the container', isShared: false },
    { path: '/v1/mycontainer/web', why: 'v1 group of the container', isShared: false },
  ],
  prepare: [
    {
      file: '/cg/cgroup.subtree_control',
      value: '+pids',
      why: 'pass the controller on',
      source: 'cgroups(7)',
      tolerate: ['EBUSY'],
    },
  ],
  limits: [
    {
      file: '/v1/mycontainer/web/memory.limit_in_bytes',
      value: '52428800',
      why: 'the memory limit',
      source: 'cgroups(7)',
    },
  ],
  cloneInto: '/cg/mycontainer/web',
  join: ['/v1/mycontainer/web/cgroup.procs'],
  devices: new Uint8Array([0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
  oom: { kind: 'v1', folder: '/v1/mycontainer/web' },
  cleanup: ['/cg/mycontainer/web', '/v1/mycontainer/web'],
  warnings: [],
}

const exchange = {
  family: 'route' as const,
  message: new Uint8Array(32),
  acks: 1,
  why: 'a link to the bridge',
  source: 'rtnetlink(7)',
}

/** Inputs whose listings are stored; the name is the file's. */
export const sampleInputs: Readonly<Record<string, CompileInput>> = {
  ordinary: sampleInput(),
  'aarch64-terminal': sampleInput({
    config: { ...config, process: { ...process, terminal: true } },
    stdio: terminal,
    host: { ...host, architecture: 'aarch64' },
  }),
  'old-kernel': sampleInput({ host: { ...host, kernel: { major: 6, minor: 1 } } }),
  'folder-read-only': sampleInput({
    root: { kind: 'folder', path: '/b/rootfs' },
    config: { ...config, root: { path: 'rootfs', readonly: true } },
  }),
  'cgroup-and-network': sampleInput({
    cgroup,
    network: {
      host: [{ ...exchange, pidOffset: 24 }],
      inside: [exchange],
      held: [{ address: new Uint8Array(4), port: 8080, protocol: 'tcp' }],
      cleanup: [{ ...exchange, tolerate: ['ENODEV'] }],
      closing: [exchange],
      leases: ['/data/leases/10.0.0.2'],
    },
    remove: [{ folder: '/data', name: 'web' }],
  }),
  'told-early': sampleInput({
    cgroup,
    network: {
      host: [],
      inside: [exchange],
      held: [],
      cleanup: [exchange],
      closing: [exchange],
      leases: ['/data/leases/10.0.0.2'],
    },
    remove: [
      { folder: '/data/names', name: 'web' },
      { folder: '/data/containers', name: 'web', aside: '.removing-web' },
    ],
  }),
  'user-namespace': sampleInput({ config: withUser }),
  'user-namespace-terminal': sampleInput({
    config: { ...withUser, process: { ...process, terminal: true } },
    stdio: terminal,
    root: { kind: 'folder', path: '/b/rootfs', ownership: 'mapped' },
  }),
  rootless: sampleInput({ host: { ...host, rootless: true } }),
  'joined-namespaces': sampleInput({
    config: {
      ...config,
      linux: {
        ...linux,
        namespaces: [
          { type: 'mount' },
          { type: 'uts' },
          { type: 'network', path: '/proc/7/ns/net' },
          { type: 'pid', path: '/proc/7/ns/pid' },
          { type: 'ipc', path: '/proc/7/ns/ipc' },
        ],
      },
    },
  }),
  'created-with-hooks': sampleInput({
    gate: true,
    config: {
      ...config,
      hooks: {
        createRuntime: [{ path: '/bin/hook', args: ['hook', 'a'], timeout: 3 }],
        startContainer: [{ path: '/inside', env: ['A=1'] }],
      },
    },
  }),
  'every-process-setting': sampleInput({
    config: {
      ...config,
      process: {
        ...process,
        user: { uid: 1000, gid: 1000, umask: 0o27, additionalGids: [4, 5] },
        cwd: '/var/app',
        noNewPrivileges: false,
        oomScoreAdj: 100,
        apparmorProfile: 'box',
        selinuxLabel: 'system_u:system_r:container_t:s0',
        scheduler: { policy: 'SCHED_BATCH', nice: 3 },
        ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 4 },
        capabilities: { ...process.capabilities, ambient: ['CAP_KILL'], inheritable: ['CAP_KILL'] },
      },
      domainname: 'example',
      linux: {
        ...linux,
        sysctl: { 'net.ipv4.ip_forward': '1', 'net/ipv4/conf/eth0.1/forwarding': '1' },
        personality: { domain: 'LINUX32' },
        memoryPolicy: { mode: 'MPOL_BIND', nodes: '0-1' },
        rootfsPropagation: 'rprivate',
        devices: [
          {
            path: '/dev/net/tun',
            type: 'c',
            major: 10,
            minor: 200,
            fileMode: 0o600,
            uid: 5,
            gid: 6,
          },
          { path: '/run/fifo', type: 'p' },
        ],
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_ERRNO' }],
        },
      },
    },
  }),
  'every-mount-option': sampleInput({
    config: {
      ...config,
      mounts: [
        ...config.mounts!,
        {
          destination: '/data/deep',
          source: '/srv/data',
          options: ['rbind', 'rro', 'nosuid', 'rslave', 'noatime'],
        },
        { destination: 'relative', source: 'in-bundle', options: ['bind', 'rw', 'rshared'] },
        {
          destination: '/mapped',
          source: '/srv/mapped',
          options: ['bind', 'ridmap'],
          uidMappings: mappings,
          gidMappings: mappings,
        },
        {
          destination: '/tmp',
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['ro', 'sync', 'nosymfollow', 'size=1m', 'nodiratime'],
        },
        { destination: '/var', type: 'tmpfs', options: ['tmpcopyup', 'ro', 'size=2m'] },
        { destination: '/data', options: ['remount', 'bind', 'ro'], source: '/srv/data' },
      ],
    },
    bundle: '/bundle',
  }),
  'init-and-null': sampleInput({
    init: '/opt/shim',
    stdio: { kind: 'null' },
    preserved: { pid: 77, count: 2 },
  }),
}

export const sampleExec: CompileExecInput = {
  ...sampleInput(),
  process: {
    ...process,
    args: ['sh'],
    cwd: '/tmp',
    terminal: true,
    execCPUAffinity: { initial: '0', final: '0-1' },
  },
  config: withUser,
  stdio: terminal,
  stateDir: '/run/web/exec/1',
  target: { pid: 4242 },
  cgroup,
}

/** All sample programs by name, the exec among them. */
export function samplePrograms(): Map<string, Program> {
  const programs = new Map(
    Object.entries(sampleInputs).map(([name, input]) => [name, compile(input)]),
  )
  programs.set('exec', compileExec(sampleExec))
  return programs
}
