import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Test } from 'tap'

/** The command as engines call it. */
export const ociPath = join(import.meta.dirname, '../../bin/mycontainer-oci')

export interface OciResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface OciBench {
  readonly folder: string
  /** Of the containers; holds busybox under its usual names. */
  readonly rootfs: string
  /** Group of the test's own, with a slash in front. */
  readonly group: string
  /** Write a bundle; gives its folder. */
  readonly bundle: (change?: (config: OciConfig) => void) => string
  /** Run a command to its end. Its streams are files: containers keep those of `create`. */
  readonly run: (args: readonly string[], options?: OciOptions) => OciResult
  /** The same for one that must succeed. */
  readonly ok: (...args: string[]) => string
  readonly state: (id: string) => { readonly status: string; readonly pid: number }
}

export interface OciOptions {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  /** Files for the descriptors from 3 on. */
  readonly descriptors?: readonly number[]
  /** In front of the command, as in `sh -c`. */
  readonly prefix?: readonly string[]
}

/** What tests change of a configuration. */
export interface OciConfig {
  process: {
    args: string[]
    env: string[]
    terminal: boolean
    user: { uid: number; gid: number }
    cwd: string
  }
  hooks?: Record<string, { path: string; args?: string[] }[]>
  mounts: { destination: string; type: string; source: string; options: string[] }[]
  linux: {
    cgroupsPath: string
    resources: Record<string, unknown>
    namespaces: { type: string; path?: string }[]
  }
  [key: string]: unknown
}

const programs = [
  'sh',
  'cat',
  'echo',
  'sleep',
  'true',
  'id',
  'tty',
  'ls',
  'env',
  'kill',
  'stty',
  'head',
  'grep',
  'pwd',
  'readlink',
]

/** busybox where containers find it. */
export function makeRootfs(path: string): void {
  for (const name of ['bin', 'proc', 'sys', 'dev', 'tmp', 'etc', 'run'])
    mkdirSync(join(path, name), { recursive: true })
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  copyFileSync(busybox, join(path, 'bin/busybox'))
  for (const name of programs) symlinkSync('busybox', join(path, 'bin', name))
}

/** Every folder that a control group of this path has, in all hierarchies. */
export function groupFolders(path: string): string[] {
  const top = '/sys/fs/cgroup'
  const hierarchies = ['.', ...readdirSync(top)]
  return hierarchies.map((name) => join(top, name, path)).filter((folder) => existsSync(folder))
}

/** A state root with bundles; all containers, groups and files go when the test ends. */
export function ociBench(t: Test): OciBench {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mycontainer-oci-')))
  const [root, rootfs, group] = [
    join(folder, 'state'),
    join(folder, 'rootfs'),
    `/${basename(folder)}`,
  ]
  let count = 0
  makeRootfs(rootfs)
  const run = (args: readonly string[], options: OciOptions = {}): OciResult =>
    runToFiles(folder, [...(options.prefix ?? []), ociPath, '--root', root, ...args], options)
  t.teardown(() => {
    for (const id of run(['list', '--quiet']).stdout.split('\n').filter(Boolean))
      run(['delete', '--force', id])
    for (const path of groupFolders(group)) rmdirSync(path)
    rmSync(folder, { recursive: true, force: true })
  })
  const ok = (...args: string[]): string => {
    const { code, stdout, stderr } = run(args)
    if (code !== 0) throw new Error(`exit code ${code}: ${args.join(' ')}\n${stderr}`)
    return stdout
  }
  return {
    folder,
    rootfs,
    group,
    run,
    ok,
    state: (id) => JSON.parse(ok('state', id)) as { status: string; pid: number },
    bundle(change) {
      const path = join(folder, `bundle${count++}`)
      mkdirSync(path)
      ok('spec', '--bundle', path)
      const file = join(path, 'config.json')
      const config = JSON.parse(readFileSync(file, 'utf8')) as OciConfig
      config['root'] = { path: rootfs }
      config.process.terminal = false
      config.linux.cgroupsPath = `${group}/${basename(path)}`
      change?.(config)
      writeFileSync(file, JSON.stringify(config))
      return path
    },
  }
}

function runToFiles(folder: string, words: readonly string[], options: OciOptions): OciResult {
  const scratch = mkdtempSync(join(folder, 'run-'))
  const files = ['stdout', 'stderr'].map((name) => join(scratch, name))
  const args = ['-c', `exec "$@" >${files[0]} 2>${files[1]}`, 'sh', ...words]
  const { status } = spawnSync('/bin/sh', args, {
    stdio: ['pipe', 'ignore', 'ignore', ...(options.descriptors ?? [])],
    input: options.input ?? '',
    env: { ...process.env, ...options.env },
    timeout: 60_000,
  })
  const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'))
  return { code: status, stdout, stderr }
}

/** Wait until something holds, at most 10 s. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
