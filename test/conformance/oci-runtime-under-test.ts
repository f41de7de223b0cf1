import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import {
  type OciConfig,
  type OciResult,
  eventually,
  groupFolders,
  makeRootfs,
  ociPath,
} from '../integration/oci-bench.ts'

export { eventually, groupFolders }
export type Config = OciConfig

/** One runtime, by the command line that all have in common. */
export interface RuntimeUnderTest {
  readonly name: string
  readonly folder: string
  readonly rootfs: string
  /** Group of the table's own, with a slash in front. */
  readonly group: string
  readonly newId: () => string
  /** Write a bundle; gives its folder. */
  readonly bundle: (change?: (config: Config) => void) => string
  /** A command to its end. */
  readonly run: (args: readonly string[], options?: RunOptions) => OciResult
  readonly create: (id: string, bundle: string) => OciResult
  readonly state: (id: string) => State
  /** The whole life of a container; its program is a script. */
  readonly shell: (script: string, change?: (config: Config) => void) => OciResult
  /** A container whose program sleeps. */
  readonly sleeper: (change?: (config: Config) => void) => string
  /** Kill it and wait for its end. */
  readonly end: (id: string) => Promise<void>
}

export interface RunOptions {
  readonly cwd?: string
  /** In front of the command. */
  readonly prefix?: readonly string[]
}

export interface State {
  readonly ociVersion: string
  readonly id: string
  readonly status: string
  readonly pid?: number
  readonly bundle: string
  readonly annotations?: Record<string, string>
}

/** A demand of the specification, or several that one container shows. */
export interface Row {
  readonly title: string
  readonly check: (t: Test, runtime: RuntimeUnderTest) => void | Promise<void>
}

/**
 * Check all rows against our runtime, or against another one that the environment names
 * (MYCONTAINER_CONFORMANCE_RUNTIME=runc or crun): that is how the tables themselves are tested.
 */
export async function checkRuntime(t: Test, rows: readonly Row[]): Promise<void> {
  const runtime = runtimeUnderTest(t, process.env['MYCONTAINER_CONFORMANCE_RUNTIME'] ?? 'ours')
  for (const { title, check } of rows)
    await t.test(title, async (t) => {
      await check(t, runtime)
    })
}

// crun runs nothing on a hybrid host; without its v2 tree, which only this command misses, the host is one with v1.
const withoutHybrid = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"',
  'sh',
]

function commandOf(name: string): readonly string[] {
  if (name === 'ours') return [ociPath]
  return name === 'crun' ? [...withoutHybrid, 'crun'] : [name]
}

function runtimeUnderTest(t: Test, name: string): RuntimeUnderTest {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mycontainer-oci-')))
  const [root, rootfs, group] = [
    join(folder, 'state'),
    join(folder, 'rootfs'),
    `/${basename(folder)}`,
  ]
  const command = [...commandOf(name), '--root', root]
  // Older ones know no newer version than their own.
  const ociVersion = name === 'crun' ? '1.0.0' : '1.3.0'
  let count = 0
  makeRootfs(rootfs)
  // The root of a user namespace is somebody else on the way to it.
  chmodSync(folder, 0o755)
  const run = (
    args: readonly string[],
    { cwd = folder, prefix = [] }: RunOptions = {},
  ): OciResult => runToFiles(folder, cwd, [...prefix, ...command, ...args])
  t.teardown(() => {
    // Also what was made although it had to be refused.
    for (const id of existsSync(root) ? readdirSync(root) : []) run(['delete', '--force', id])
    // What others leave behind must not be emptied with the folder.
    for (const place of mountsBelow(folder).toReversed()) execFileSync('umount', ['--lazy', place])
    rmSync(folder, { recursive: true, force: true })
    for (const path of groupFolders(group))
      execFileSync('find', [path, '-depth', '-type', 'd', '-delete'])
  })
  const bundle = (change?: (config: Config) => void): string => {
    const path = join(folder, `bundle${(count += 1)}`)
    mkdirSync(path)
    const config = baseConfig(ociVersion, rootfs, `${group}/${basename(path)}`)
    change?.(config)
    writeFileSync(join(path, 'config.json'), JSON.stringify(config))
    return path
  }
  const newId = (): string => {
    count += 1
    return `c${count}`
  }
  const state = (id: string): State => {
    const { code, stdout, stderr } = run(['state', id])
    if (code !== 0) throw new Error(`state ${id}: exit code ${code}: ${stderr}`)
    return JSON.parse(stdout) as State
  }
  const create = (id: string, path: string): OciResult => run(['create', '--bundle', path, id])
  return {
    name,
    folder,
    rootfs,
    group,
    newId,
    bundle,
    run,
    create,
    state,
    shell: (script, change) =>
      run([
        'run',
        '--bundle',
        bundle((config) => {
          config.process.args = ['/bin/sh', '-c', script]
          change?.(config)
        }),
        newId(),
      ]),
    sleeper(change) {
      const id = newId()
      const { code, stderr } = create(id, bundle(change))
      if (code !== 0) throw new Error(`create: exit code ${code}: ${stderr}`)
      return id
    },
    async end(id) {
      run(['kill', id, 'KILL'])
      await eventually('its end', () => state(id).status === 'stopped')
    },
  }
}

function baseConfig(ociVersion: string, rootfs: string, cgroupsPath: string): Config {
  return {
    ociVersion,
    root: { path: rootfs, readonly: false },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/sleep', '1000'],
      env: ['PATH=/bin'],
      cwd: '/',
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: [] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: {
      cgroupsPath,
      resources: {},
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
    },
  }
}

/** Containers keep the streams of `create`, so these are files; other runtimes give a /dev/null that they get to the user of the container. */
function runToFiles(folder: string, cwd: string, words: readonly string[]): OciResult {
  const scratch = mkdtempSync(join(folder, 'run-'))
  const files = ['stdout', 'stderr'].map((name) => join(scratch, name))
  const empty = join(scratch, 'stdin')
  writeFileSync(empty, '')
  const args = ['-c', `exec "$@" >${files[0]} 2>${files[1]} <${empty}`, 'sh', ...words]
  const { status } = spawnSync('/bin/sh', args, { stdio: 'ignore', cwd, timeout: 15_000 })
  const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'))
  return { code: status, stdout, stderr }
}

function mountsBelow(folder: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.map((line) => line.split(' ')[4] ?? '').filter((place) => place.startsWith(folder))
}

/** Mounts, groups and processes of this host that a container could leave behind. */
export function hostTraces({ folder, group }: RuntimeUnderTest): string[] {
  const mounts = mountsBelow(folder)
  const processes = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('/bin/sleep 1000'))
  const groups = groupFolders(group).flatMap((path) =>
    execFileSync('ls', [path], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.startsWith('bundle')),
  )
  return [...mounts, ...processes, ...groups]
}
