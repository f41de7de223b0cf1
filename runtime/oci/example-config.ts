import { maskedPaths, readonlyPaths } from '../security/default-paths.ts'
import type { Config, Mount } from '../spec/config.ts'
import { OCI_VERSION } from '../spec/state.ts'

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']

/**
 * A configuration to begin with: a shell in `rootfs`, with the usual file systems, namespaces and restrictions.
 *
 * @param owner ids of an ordinary user, who becomes root of a user namespace
 */
export function exampleConfig(owner?: { readonly uid: number; readonly gid: number }): Config {
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
      },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'mycontainer',
    mounts: mounts(owner !== undefined),
    linux: {
      ...(owner === undefined
        ? { resources: { devices: [{ allow: false, access: 'rwm' }] } }
        : {
            uidMappings: [{ containerID: 0, hostID: owner.uid, size: 1 }],
            gidMappings: [{ containerID: 0, hostID: owner.gid, size: 1 }],
          }),
      namespaces: (['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const)
        .map((type): { type: typeof type | 'user' } => ({ type }))
        .concat(owner === undefined ? [] : [{ type: 'user' }]),
      maskedPaths: maskedPaths([]),
      readonlyPaths: [...readonlyPaths],
    },
  }
}

function mounts(isRootless: boolean): Mount[] {
  const hardened = ['nosuid', 'noexec', 'nodev']
  const group = isRootless ? [] : ['gid=5']
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: hardened },
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
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...group],
    },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...hardened, 'mode=1777', 'size=65536k'],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: hardened },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...hardened, 'ro'] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...hardened, 'relatime', 'ro'],
    },
  ]
}
