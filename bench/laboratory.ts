import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from '../runtime/index.ts'
import { readOwnConfig, writeBundle } from './bundle.ts'
import { startDockerDaemon } from './docker-daemon.ts'
import { findProgram } from './find-program.ts'
import type { Peer } from './peer.ts'
import { type Bundles, bubblewrapPeer, bundlePeer, dockerPeer, podmanPeer } from './peers.ts'
import { makeRootFileSystem } from './root-file-system.ts'
import { type Shell, openShell } from './shell.ts'

/** Everything that is measured, on the same root file system, below one temporary folder. */
export interface Laboratory {
  readonly runs: number
  readonly folder: string
  /** State root of our engine. */
  readonly root: string
  readonly runtime: Runtime
  readonly peers: readonly Peer[]
  /** With `mycontainer` and `myimage` in PATH, and the state root and docker's daemon in the environment. */
  readonly shell: Shell
  readonly newName: () => string
  close(): Promise<void>
}

const checkout = join(import.meta.dirname, '..')

/** @param runs samples per row */
export async function openLaboratory(runs: number): Promise<Laboratory> {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-bench-'))
  const root = join(folder, 'own')
  const closers: (() => Promise<void> | void)[] = []
  let closing: Promise<void> | undefined
  const closeAll = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  // At the end of a run and by a signal: whoever comes second waits for the first.
  const close = (): Promise<void> => (closing ??= closeAll())
  try {
    return { ...(await furnish(folder, root, closers)), runs, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Engines mount their storage onto itself and leave that behind. */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))
  for (const point of points.toReversed()) execFileSync('umount', ['--lazy', point])
}

type Closers = (() => Promise<void> | void)[]

async function furnish(
  folder: string,
  root: string,
  closers: Closers,
): Promise<Omit<Laboratory, 'runs' | 'close'>> {
  const rootfs = join(folder, 'rootfs')
  makeRootFileSystem(rootfs, findProgram('busybox') ?? missing('busybox'))
  const archive = join(folder, 'rootfs.tar')
  execFileSync('tar', ['-C', rootfs, '-cf', archive, '.'])
  const docker = await openDocker(folder, closers)
  const shell = openShell({
    MYCONTAINER_ROOT: root,
    PATH: `${join(checkout, 'bin')}:${process.env['PATH'] ?? ''}`,
    ...(docker && { DOCKER_HOST: docker }),
  })
  closers.push(() => shell.close())
  await shell.time(`myimage import ${archive} bench`)
  const { openRuntime } = await loadLibrary()
  const runtime = openRuntime({ root })
  closers.push(() => runtime.close())
  const bundles = await writeBundles(folder, rootfs, root, runtime)
  const peers = findPeers(folder, bundles, docker !== undefined)
  if (peers.some(({ name }) => name.startsWith('podman')))
    await shell.time(podmanWords(folder, `import ${archive} bench`))
  if (docker) await shell.time(`docker import ${archive} bench`)
  if (peers.some(({ name }) => name === 'crun')) hideUnifiedControllers(folder)
  let count = 0
  const newName = (): string => `bench-${process.pid}-${(count += 1)}`
  return {
    folder,
    root,
    runtime,
    peers,
    shell,
    newName,
  }
}

/** As a user's program gets it: built. The types come from its source. */
async function loadLibrary(): Promise<typeof import('../runtime/index.ts')> {
  const path = join(checkout, 'dist/index.js')
  return (await import(path)) as typeof import('../runtime/index.ts')
}

function missing(name: string): never {
  throw new Error(`bench: ${name} is not installed: the containers are made of it`)
}

async function openDocker(folder: string, closers: Closers): Promise<string | undefined> {
  const dockerd = findProgram('dockerd')
  if (!dockerd || !findProgram('docker')) {
    process.stdout.write('# left out: docker: not installed\n')
    return undefined
  }
  try {
    const own = join(folder, 'docker')
    mkdirSync(own)
    const daemon = await startDockerDaemon(dockerd, own)
    closers.push(() => daemon.close())
    return daemon.host
  } catch (error) {
    process.stdout.write(`# left out: docker: ${String(error)}\n`)
    return undefined
  }
}

function podmanWords(folder: string, rest: string): string {
  return `podman --root ${folder}/podman --runroot ${folder}/podman-run --tmpdir ${folder}/podman-tmp ${rest}`
}

function findPeers(folder: string, bundles: Bundles, hasDocker: boolean): Peer[] {
  const found: Readonly<Record<string, Peer | undefined>> = {
    runc: bundlePeer('runc', folder, bundles),
    crun: bundlePeer('crun', folder, bundles),
    bubblewrap: bubblewrapPeer(bundles.rootfs),
    'podman with crun': podmanPeer(folder, 'crun'),
    'podman with runc': podmanPeer(folder, 'runc'),
    ...(hasDocker && { docker: dockerPeer() }),
  }
  for (const [name, peer] of Object.entries(found))
    if (!peer) process.stdout.write(`# left out: ${name}: not installed\n`)
  return Object.values(found).filter((peer) => peer !== undefined)
}

async function writeBundles(
  folder: string,
  rootfs: string,
  root: string,
  runtime: Runtime,
): Promise<Bundles> {
  const bundles = {
    rootfs,
    true: join(folder, 'b-true'),
    sleep: join(folder, 'b-sleep'),
    limited: join(folder, 'b-limited'),
  }
  const runc = findProgram('runc')
  if (!runc) return bundles
  mkdirSync(bundles.true)
  execFileSync(runc, ['spec', '--bundle', bundles.true])
  const spec = readFileSync(join(bundles.true, 'config.json'), 'utf8')
  const container = await runtime.run({
    image: 'bench',
    network: 'none',
    command: ['/bin/sleep', '1000'],
  })
  const own = readOwnConfig(root, container.id)
  await container.remove()
  const command = ['/bin/true']
  writeBundle(bundles.true, spec, own, { rootfs, command, isLimited: false })
  writeBundle(bundles.limited, spec, own, { rootfs, command, isLimited: true })
  writeBundle(bundles.sleep, spec, own, {
    rootfs,
    command: ['/bin/sleep', '1000'],
    isLimited: false,
  })
  return bundles
}

/**
 * crun refuses hosts where some controllers are v1 and some v2. In the benchmark's own mount namespace
 * the v2 tree is made to look as if it had none.
 */
function hideUnifiedControllers(folder: string): void {
  const path = '/sys/fs/cgroup/unified/cgroup.controllers'
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  try {
    execFileSync('mount', ['--bind', empty, path], { stdio: 'ignore' })
  } catch {
    // Not a hybrid host: there is nothing to hide.
  }
}
