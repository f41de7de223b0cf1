// Containers that the program suite starts, and what each must see.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompileInput } from '../../runtime/program/compile-input.ts'
import type { Config } from '../../runtime/spec/config.ts'
import { sampleConfig, sampleInput } from '../runtime/program/sample-config.ts'
import { thisHost } from './program-runner.ts'
import type { Box } from './program-runner.ts'

type ProcessChanges = Partial<NonNullable<Config['process']>>

export interface Case {
  readonly name: string
  /** Run by the container's shell. */
  readonly script: string
  readonly process?: ProcessChanges
  readonly config?: (box: Box) => Partial<Config>
  readonly input?: (box: Box) => Partial<CompileInput>
  readonly want: RegExp | readonly RegExp[]
  readonly exitCode?: number
}

export function inputFor(box: Box, { script, process, config, input }: Case): CompileInput {
  const sample = sampleConfig()
  const merged: Config = {
    ...sample,
    ...config?.(box),
    process: { ...sample.process!, args: ['sh', '-c', script], ...process },
  }
  return sampleInput({
    config: merged,
    host: thisHost(),
    root: {
      kind: 'overlay',
      lower: [box.rootfs],
      upper: join(box.folder, 'upper'),
      work: join(box.folder, 'work'),
    },
    stateDir: box.state,
    log: { directory: box.folder, name: 'log', format: 'json-file', maxSize: 0, maxFiles: 1 },
    ...input?.(box),
  })
}

const linux = sampleConfig().linux!
const mappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
export const withUser: Partial<Config> = {
  linux: {
    ...linux,
    namespaces: [...linux.namespaces!, { type: 'user' }],
    uidMappings: mappings,
    gidMappings: mappings,
  },
}

export const cases: readonly Case[] = [
  { name: 'the exit code comes through', script: 'exit 3', want: /^$/, exitCode: 3 },
  { name: 'pid 1 in its own pid namespace', script: 'echo pid $$', want: /pid 1\n/ },
  { name: 'its own hostname', script: 'hostname', want: /^box\n/ },
  {
    name: 'only the granted capabilities',
    script: 'grep Cap /proc/self/status',
    want: [
      /CapPrm:\s+00000000000004e1/,
      /CapBnd:\s+00000000000004e1/,
      /CapInh:\s+0+\n/,
      /CapAmb:\s+0+\n/,
    ],
  },
  {
    name: 'no new privileges',
    script: 'grep NoNewPrivs /proc/self/status',
    want: /NoNewPrivs:\s+1/,
  },
  {
    name: 'no signal is blocked or ignored',
    script: '',
    process: { args: ['cat', '/proc/self/status'] },
    want: [/SigBlk:\s+0+\n/, /SigIgn:\s+0+\n/],
  },
  // Not counted through a pipe: the shell has its ends for a moment.
  { name: 'no descriptor is leaked', script: 'ls /proc/$$/fd; true', want: /^0\n1\n2\n$/ },
  {
    name: 'the device nodes are there',
    script: 'stat -c "%n %t:%T %a" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty',
    want: /null 1:3 666\n.*zero 1:5 666\n.*full 1:7 666\n.*random 1:8 666\n.*urandom 1:9 666\n.*tty 5:0 666/s,
  },
  {
    name: 'the links in /dev',
    script: 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done',
    want: /^\/proc\/self\/fd\n\/proc\/self\/fd\/0\n\/proc\/self\/fd\/1\n\/proc\/self\/fd\/2\npts\/ptmx\n/,
  },
  {
    name: 'masked paths are empty',
    script: 'cat /proc/keys /proc/timer_list; ls -a /sys/firmware | wc -l',
    want: /^2\n/,
  },
  {
    name: 'read-only paths',
    script: 'echo 1 > /proc/sys/kernel/domainname || echo refused',
    want: /refused/,
  },
  { name: 'the loopback interface is up', script: 'ip link show lo', want: /<LOOPBACK,UP/ },
  {
    name: 'the old root is gone',
    script: 'wc -l < /proc/self/mountinfo; ls /',
    want: /^1\d\n(?!.*upper)/s,
  },
  {
    name: 'the user and its groups',
    script: 'id',
    process: { user: { uid: 1000, gid: 1001, additionalGids: [5, 6] } },
    want: /uid=1000 gid=1001 groups=5,6/,
  },
  {
    name: 'a user may open its streams again',
    script: 'echo again > /dev/stdout',
    process: { user: { uid: 1000, gid: 1000 } },
    want: /again/,
  },
  {
    name: 'umask',
    script: 'umask',
    process: { user: { uid: 0, gid: 0, umask: 0o077 } },
    want: /0077/,
  },
  {
    name: 'the working folder is made',
    script: 'pwd',
    process: { cwd: '/var/app' },
    want: /^\/var\/app\n/,
  },
  { name: 'resource limits', script: 'ulimit -n', want: /^1024\n/ },
  {
    name: 'the score for out of memory',
    script: 'cat /proc/self/oom_score_adj',
    process: { oomScoreAdj: 500 },
    want: /^500\n/,
  },
  {
    name: 'ambient capabilities',
    script: 'grep CapAmb /proc/self/status',
    process: {
      user: { uid: 1000, gid: 1000 },
      capabilities: {
        bounding: ['CAP_NET_BIND_SERVICE'],
        permitted: ['CAP_NET_BIND_SERVICE'],
        effective: ['CAP_NET_BIND_SERVICE'],
        inheritable: ['CAP_NET_BIND_SERVICE'],
        ambient: ['CAP_NET_BIND_SERVICE'],
      },
    },
    want: /CapAmb:\s+0000000000000400/,
  },
  {
    name: 'a read-only root',
    script: 'touch /x || echo refused',
    config: () => ({ root: { path: 'rootfs', readonly: true } }),
    want: /refused/,
  },
  {
    name: 'a sysctl of its own network',
    script: 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni',
    config: () => ({
      linux: { ...linux, sysctl: { 'net.ipv4.ip_forward': '1', 'kernel.shmmni': '77' } },
    }),
    want: /^1\n77\n/,
  },
  {
    name: 'a time namespace',
    script: 'cat /proc/uptime',
    config: () => ({
      linux: {
        ...linux,
        namespaces: [...linux.namespaces!, { type: 'time' }],
        timeOffsets: { boottime: { secs: 1_000_000_000 } },
      },
    }),
    want: /^1000\d{6}\./,
  },
  {
    name: 'a folder as the root',
    script: 'cat /etc/mark',
    input: (box) => {
      writeFileSync(join(box.rootfs, 'etc/mark'), 'folder root\n')
      return { root: { kind: 'folder', path: box.rootfs } }
    },
    want: /folder root/,
  },
  {
    name: 'a bind mount of a folder and of a file, made where missing',
    script: 'cat /a/b/c/hello /etc/hosts; touch /a/b/c/x || echo refused',
    config: (box) => {
      mkdirSync(join(box.folder, 'vol'))
      writeFileSync(join(box.folder, 'vol/hello'), 'hi\n')
      writeFileSync(join(box.folder, 'hosts'), '127.0.0.1 localhost\n')
      return {
        mounts: [
          ...sampleConfig().mounts!,
          {
            destination: '/a/b/c',
            source: join(box.folder, 'vol'),
            options: ['rbind', 'ro', 'rprivate'],
          },
          { destination: '/etc/hosts', source: join(box.folder, 'hosts'), options: ['bind'] },
        ],
      }
    },
    want: /^hi\n127.0.0.1 localhost\n.*refused/s,
  },
  {
    name: 'an idmapped bind mount',
    script: 'stat -c %u /vol/f',
    config: (box) => {
      mkdirSync(join(box.folder, 'vol'))
      writeFileSync(join(box.folder, 'vol/f'), '')
      return {
        mounts: [
          ...sampleConfig().mounts!,
          {
            destination: '/vol',
            source: join(box.folder, 'vol'),
            options: ['bind', 'idmap'],
            uidMappings: [{ containerID: 0, hostID: 4000, size: 10 }],
            gidMappings: [{ containerID: 0, hostID: 4000, size: 10 }],
          },
        ],
      }
    },
    want: /^4000\n/,
  },
  {
    name: 'seccomp with no_new_privs',
    script: 'grep Seccomp: /proc/self/status; hostname x || echo refused',
    config: () => ({
      linux: {
        ...linux,
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['sethostname'], action: 'SCMP_ACT_ERRNO' }],
        },
      },
    }),
    want: [/Seccomp:\s+2/, /refused/],
  },
  {
    name: 'seccomp without no_new_privs leaves no extra capability',
    script: 'grep -E "Seccomp:|CapEff|CapPrm" /proc/self/status',
    process: { noNewPrivileges: false },
    config: () => ({ linux: { ...linux, seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } }),
    want: [/Seccomp:\s+2/, /CapPrm:\s+00000000000004e1/, /CapEff:\s+00000000000004e1/],
  },
  {
    name: 'a user namespace with mapped overlay layers',
    script:
      'cat /proc/self/uid_map; stat -c %u /bin/busybox /dev/null; touch /new; stat -c %u /new; grep CapEff /proc/self/status',
    config: () => withUser,
    want: [/0\s+100000\s+65536/, /\n0\n65534\n0\n/],
  },
  {
    name: 'a user namespace with a mapped folder',
    script: 'stat -c %u /bin/busybox; id -u',
    config: () => withUser,
    input: (box) => ({ root: { kind: 'folder', path: box.rootfs } }),
    want: /^0\n0\n/,
  },
  {
    name: 'an overlay on a kernel before 6.8',
    script: 'touch /new; ls /bin/sh',
    input: () => ({ host: { ...thisHost(), kernel: { major: 6, minor: 1 } } }),
    want: /^\/bin\/sh\n/,
  },
  {
    name: 'a user namespace in the network of another keeps the host’s control groups read-only (CVE-2023-25809)',
    script: 'grep " /sys" /proc/self/mountinfo | grep -v " ro," | wc -l',
    config: () => ({
      linux: {
        ...withUser.linux,
        namespaces: [
          { type: 'mount' },
          { type: 'uts' },
          { type: 'pid' },
          { type: 'ipc' },
          { type: 'user' },
          { type: 'network', path: '/proc/self/ns/net' },
        ],
      },
    }),
    want: /^0\n/,
  },
  {
    name: 'a terminal',
    script: 'tty; stty size; stat -c %F /dev/console; echo hi > /dev/tty',
    process: { terminal: true },
    input: () => ({ stdio: { kind: 'terminal', rows: 33, columns: 99 } }),
    want: /\/dev\/pts\/0\r?\n33 99\r?\ncharacter special file\r?\nhi/,
  },
  {
    name: 'a terminal in a user namespace',
    script: 'tty; ls -la /dev/pts; echo hi > /dev/tty',
    process: { terminal: true },
    config: () => withUser,
    input: () => ({ stdio: { kind: 'terminal', rows: 33, columns: 99 } }),
    want: /\/dev\/pts\/0[^]*hi/,
  },
  {
    name: 'the null streams',
    script: 'echo lost',
    input: () => ({ stdio: { kind: 'null' } }),
    want: /^$/,
  },
  {
    name: 'an init that is not the program',
    script: 'echo $$; readlink /proc/1/exe',
    input: () => ({ init: join(import.meta.dirname, '../../dist/mycontainer-shim') }),
    want: /^2\n.*memfd:init/s,
  },
  {
    name: 'scheduler, I/O priority and personality',
    script: 'true',
    process: {
      scheduler: { policy: 'SCHED_BATCH', nice: 5 },
      ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 },
    },
    config: () => ({
      linux: {
        ...linux,
        personality: { domain: 'LINUX' },
        memoryPolicy: { mode: 'MPOL_PREFERRED', nodes: '0' },
      },
    }),
    want: /^$/,
  },
  {
    name: 'hooks before and in the container',
    script: 'true',
    config: (box) => ({
      hooks: {
        createRuntime: [
          { path: '/bin/sh', args: ['sh', '-c', `cat > ${box.folder}/runtime`], timeout: 5 },
        ],
        createContainer: [{ path: '/bin/sh', args: ['sh', '-c', `cat > ${box.folder}/container`] }],
        startContainer: [
          { path: '/bin/sh', args: ['sh', '-c', 'cat > /started; echo hook'], env: ['PATH=/bin'] },
        ],
      },
    }),
    want: /hook/,
  },
]
