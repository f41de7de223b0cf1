import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type OciResult, eventually, groupFolders, ociBench, ociPath } from './oci-bench.ts'

// docker's daemon, and so containerd and its shim, with our runtime below them.

interface Docker {
  readonly docker: (...args: string[]) => OciResult
  readonly ok: (...args: string[]) => string
}

/** Above all containers; docker leaves it where it is. */
const parentGroup = '/docker'

/** A daemon of the test's own, in a network namespace of its own, with an image `busybox`. */
async function dockerBench(t: Test): Promise<Docker> {
  const { folder, rootfs } = ociBench(t)
  const at = (name: string): string => join(folder, name)
  const log = openSync(at('dockerd.log'), 'a')
  const words = [
    'dockerd',
    `--data-root=${at('data')}`,
    `--exec-root=${at('exec')}`,
    `--pidfile=${at('docker.pid')}`,
    `--host=unix://${at('sock')}`,
    `--add-runtime=ours=${ociPath}`,
    '--default-runtime=ours',
  ]
  const line = 'ip link set lo up; exec "$@"'
  const daemon = spawn('unshare', ['--net', 'sh', '-c', line, 'sh', ...words], {
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const present = new Set(groupFolders(parentGroup))
  t.teardown(async () => {
    await end(daemon)
    for (const path of groupFolders(parentGroup)) if (!present.has(path)) rmdirSync(path)
  })
  const docker = (...args: string[]): OciResult => {
    const { status, stdout, stderr } = spawnSync('docker', args, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, DOCKER_HOST: `unix://${at('sock')}` },
    })
    return { code: status, stdout, stderr }
  }
  await eventually('the daemon', () => docker('version').code === 0 || daemon.exitCode !== null)
  const { status, stderr } = spawnSync(
    'sh',
    [
      '-c',
      'tar -C "$1" -c . | docker -H "$2" import - busybox',
      'sh',
      rootfs,
      `unix://${at('sock')}`,
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return {
    docker,
    ok(...args) {
      const result = docker(...args)
      t.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`)
      return result.stdout.trim()
    },
  }
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  daemon.kill('SIGTERM')
  await once(daemon, 'exit')
}

t.test('docker run, exec and the life of a container', async (t) => {
  const { docker, ok } = await dockerBench(t)
  t.match(ok('info', '--format', '{{.DefaultRuntime}}'), 'ours')
  const run = (...args: string[]): number | null =>
    docker('run', '--rm', '--network', 'none', ...args).code
  t.equal(run('busybox', 'sh', '-c', 'exit 5'), 5)
  t.equal(run('busybox', '/no/such'), 127)
  t.equal(run('busybox', 'no-such'), 127)
  t.equal(run('busybox', '/etc'), 126)
  t.equal(run('--privileged', 'busybox', 'true'), 0)
  t.equal(
    run('--init', '--memory', '32m', '--cpus', '.5', '--pids-limit', '20', 'busybox', 'true'),
    0,
  )
  t.equal(
    run(
      '--user',
      '7',
      '--read-only',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
      'busybox',
      'sh',
      '-c',
      'test $(id -u) = 7',
    ),
    0,
  )
  t.equal(run('--tty', 'busybox', 'tty'), 0)
  // The default network: its hook enters the namespace of our process.
  ok('run', '--detach', '--name', 'one', 'busybox', 'sleep', '1000')
  t.match(ok('exec', 'one', 'ls', '/sys/class/net'), 'eth0')
  t.equal(docker('exec', 'one', 'sh', '-c', 'exit 4').code, 4)
  // Which of the two it is depends on the version of docker, not on the runtime.
  t.match(String(docker('exec', 'one', 'no-such').code), /^12[67]$/)
  t.match(ok('top', 'one'), 'sleep')
  const status = (): string => ok('inspect', '--format', '{{.State.Status}}', 'one')
  ok('pause', 'one')
  t.equal(status(), 'paused')
  ok('unpause', 'one')
  ok('update', '--memory', '64m', '--memory-swap', '64m', 'one')
  t.match(
    ok('stats', '--no-stream', '--format', '{{.PIDs}}', 'one'),
    /^1$/,
    'its own numbers, not the host’s',
  )
  ok('restart', '--time', '0', 'one')
  ok('kill', 'one')
  t.equal(docker('wait', 'one').stdout.trim(), '137')
  const id = ok('inspect', '--format', '{{.Id}}', 'one')
  ok('rm', '--force', 'one')
  t.strictSame(groupFolders(`${parentGroup}/${id}`), [])
})
