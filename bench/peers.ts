import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import type { Peer } from './peer.ts'
import { quote } from './shell.ts'

export interface Bundles {
  readonly true: string
  readonly sleep: string
  readonly limited: string
  /** An OCI process section for `exec`. */
  readonly rootfs: string
}

/** runc and crun, which take a folder and know no images and no networks. */
export function bundlePeer(name: string, folder: string, bundles: Bundles): Peer | undefined {
  const program = findProgram(name)
  if (!program) return undefined
  const words = quote([name, '--root', join(folder, name)])
  return {
    name,
    runTrue: `${words} run --bundle ${bundles.true} {}`,
    runLimited: `${words} run --bundle ${bundles.limited} {}`,
    startIdle: `${words} run --detach --bundle ${bundles.sleep} {}`,
    execTrue: `${words} exec {} /bin/true`,
    removeIdle: `${words} delete --force {}`,
    isLight: true,
  }
}

export function bubblewrapPeer(rootfs: string): Peer | undefined {
  if (!findProgram('bwrap')) return undefined
  const words = [
    'bwrap',
    '--bind',
    rootfs,
    '/',
    '--unshare-all',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ]
  return { name: 'bwrap', runTrue: quote([...words, '/bin/true']), isLight: true }
}

/** podman with storage of its own. Its default limits are higher than some hosts allow. */
export function podmanPeer(folder: string, runtime: string): Peer | undefined {
  if (!findProgram('podman') || !findProgram(runtime)) return undefined
  const storage = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')]
  const words = ['podman', ...storage, '--tmpdir', join(folder, 'podman-tmp'), '--runtime', runtime]
  const verb = (...rest: string[]): string => quote([...words, ...rest])
  const run = ['run', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']
  return {
    name: `podman (${runtime})`,
    runTrue: verb(...run, '--rm', '--network', 'none', 'bench', '/bin/true'),
    runBridge: verb(...run, '--rm', 'bench', '/bin/true'),
    runLimited: verb(
      ...run,
      '--rm',
      '--network',
      'none',
      '-m',
      '64m',
      '--cpus',
      '0.5',
      'bench',
      '/bin/true',
    ),
    startIdle: `${verb(...run, '-d', '--network', 'none', '--name')} {} bench /bin/sleep 1000`,
    execTrue: `${verb('exec')} {} /bin/true`,
    removeIdle: `${verb('rm', '-f', '-t', '0')} {}`,
    load: (archive) => verb('load', '-i', archive),
    unload: verb('rmi', '-f', 'localhost/bench-large'),
    isLight: false,
  }
}

/** docker, through DOCKER_HOST of a daemon of its own. */
export function dockerPeer(): Peer {
  const run = (network: string, ...rest: string[]): string =>
    quote(['docker', 'run', ...(network ? ['--network', network] : []), ...rest])
  const program = ['bench', '/bin/true']
  return {
    name: 'docker',
    runTrue: run('none', '--rm', ...program),
    runBridge: run('', '--rm', ...program),
    runLimited: run('none', '--rm', '-m', '64m', '--cpus', '0.5', ...program),
    startIdle: `${run('none', '-d', '--name')} {} bench /bin/sleep 1000`,
    execTrue: 'docker exec {} /bin/true',
    removeIdle: 'docker rm -f {}',
    load: (archive) => `docker load -i ${archive}`,
    unload: 'docker rmi -f bench-large',
    isLight: false,
  }
}
