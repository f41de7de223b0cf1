import type { CompileInput } from '../../../runtime/program/compile-input.ts'
import type { Config } from '../../../runtime/spec/config.ts'

export const defaultCapabilities = [
  'CAP_CHOWN',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETUID',
  'CAP_SETGID',
]

/** What an engine gives to runc for an ordinary container. */
export function sampleConfig(changes: Partial<Config> = {}): Config {
  return {
    ociVersion: '1.3.0',
    root: { path: 'rootfs' },
    hostname: 'box',
    process: {
      args: ['/bin/sh', '-c', 'true'],
      env: ['PATH=/usr/bin:/bin', 'TERM=xterm'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      noNewPrivileges: true,
      capabilities: {
        bounding: defaultCapabilities,
        effective: defaultCapabilities,
        permitted: defaultCapabilities,
      },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 1024 }],
    },
    mounts: [
      {
        destination: '/proc',
        type: 'proc',
        source: 'proc',
        options: ['nosuid', 'noexec', 'nodev'],
      },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
      },
      {
        destination: '/dev/mqueue',
        type: 'mqueue',
        source: 'mqueue',
        options: ['nosuid', 'noexec', 'nodev'],
      },
      {
        destination: '/sys',
        type: 'sysfs',
        source: 'sysfs',
        options: ['nosuid', 'noexec', 'nodev', 'ro'],
      },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'ro'],
      },
    ],
    linux: {
      namespaces: [
        { type: 'pid' },
        { type: 'network' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'cgroup' },
      ],
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/timer_list',
        '/proc/scsi',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
    ...changes,
  }
}

/** A whole input around it. */
export function sampleInput(changes: Partial<CompileInput> = {}): CompileInput {
  return {
    id: 'web',
    config: sampleConfig(),
    host: {
      kernel: { major: 6, minor: 18 },
      architecture: 'x86_64',
      rootless: false,
      cgroupMode: 'hybrid',
    },
    root: {
      kind: 'overlay',
      lower: ['/layers/base', '/layers/app'],
      upper: '/data/web/upper',
      work: '/data/web/work',
    },
    cgroup: undefined,
    network: undefined,
    stdio: { kind: 'pipes', stdin: false },
    stateDir: '/run/web',
    log: { directory: '/data/web', name: 'log', format: 'json-file', maxSize: 0, maxFiles: 1 },
    monitor: { hold: false, keepStdin: false, stdinOnce: false },
    gate: false,
    ...changes,
  }
}
