import { chmodSync, existsSync, statSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// What people who come from podman or docker ask for next.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run, root, folder } = bench
const net = ['--network', 'none']

t.test('rm keeps what others require', async (t) => {
  const names = async (): Promise<string> => ok('ps', '-a', '--format', '{{.Names}}')
  const make = async (): Promise<void> => {
    await ok('create', '--name', 'a', ...net, 'host', 'sleep', '100')
    await ok('create', '--name', 'b', '--requires', 'a', ...net, 'host', 'sleep', '100')
  }
  await make()
  t.match(await run('rm', 'a'), { exitCode: 125, stderr: /dependents=b/ })
  t.equal(await names(), 'b\na')
  const printed = (await ok('rm', '--depend', 'a')).split('\n')
  t.match(printed, [/^[0-9a-f]{64}$/, 'a'], 'those that require it first')
  await make()
  await ok('rm', '-f', 'a')
  t.equal(await names(), 'b', 'docker’s scripts rely on -f')
  await ok('create', '--name', 'a', ...net, 'host', 'sleep', '100')
  await ok('rm', '-a')
  await make()
  await ok('prune', '-f')
  t.equal(await names(), '')
})

t.test('serve --docker for a group', async (t) => {
  const socket = join(folder, 'docker.sock')
  chmodSync(folder, 0o711)
  const server = startCommand(['serve', '--docker', '--group', '60', socket], { root })
  t.teardown(async () => {
    server.kill('SIGTERM')
    await once(server, 'exit')
  })
  await waitUntil('the socket', () => existsSync(socket) && statSync(socket).gid === 60)
  await waitUntil('its mode', () => (statSync(socket).mode & 0o777) === 0o660)
  const ping = (...who: string[]): string => {
    const words = ['--reuid', '1234', '--regid', '1234', ...who, 'curl', '-s', '--unix-socket']
    return spawnSync('setpriv', [...words, socket, 'http://x/_ping'], { encoding: 'utf8' }).stdout
  }
  t.equal(ping('--groups', '60'), 'OK', 'a supplementary group is enough')
  t.equal(ping('--clear-groups'), '')
  const rows: [string[], number][] = [
    [['serve', '--docker', '--group', 'no-such-group', join(folder, 'x')], 125],
    [['serve', '--group', '0'], 125],
  ]
  for (const [words, exitCode] of rows) t.match(await run(...words), { exitCode })
})
