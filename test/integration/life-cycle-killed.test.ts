import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { engineFolders } from '../../runtime/container/folders.ts'
import { containerFolder } from '../../runtime/container/container-folder.ts'
import { readProcessFile } from '../../runtime/container/monitor-files.ts'
import { readStartTicks } from '../../runtime/container/process-identity.ts'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// Needs root. Whatever of ours is killed, the next command finds the truth and repairs.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(180_000)
const { ok, run, inspect } = bench
const folders = engineFolders(bench.root, {}, 0, '/')

async function detached(name: string, ...args: string[]): Promise<string> {
  return ok('run', '-d', '--name', name, ...args)
}

const isAlive = (pid: number): boolean => readStartTicks(pid) !== undefined

/** Kill the monitor of a container with SIGKILL. Returns the pid of the container's init. */
async function killMonitor(id: string): Promise<number> {
  const process = readProcessFile(containerFolder(folders, id).state)
  if (!process) throw new Error(`${id} does not run`)
  globalThis.process.kill(process.monitorPid, 'SIGKILL')
  await waitUntil('the monitor is gone', () => !isAlive(process.monitorPid))
  return process.pid
}

/** Files that say that an address or a port is taken. */
const leases = (): string[] =>
  readdirSync(folders.runDir, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /lease|ports\/|addresses\//.test(path) && /\d/.test(path.split('/').at(-1) ?? ''),
  )

t.test('the monitor is killed: the container runs on and obeys', async (t) => {
  const id = await detached('orphan', '-p', '127.0.0.1:21999:80', 'host', 'sleep', '1000')
  const pid = await killMonitor(id)
  t.equal(await inspect('orphan', '.State.Status'), 'running')
  t.equal(await ok('exec', 'orphan', 'echo', 'hello'), 'hello')
  await ok('pause', 'orphan')
  await ok('unpause', 'orphan')
  t.match(await run('attach', 'orphan'), { exitCode: 125, stderr: /monitor/ })
  await ok('stop', '-t', '0', 'orphan')
  t.notOk(isAlive(pid))
  t.match(await inspect('orphan', '.State'), {
    Status: 'exited',
    ExitCode: 255,
    Error: /monitor was killed/,
  })
  t.strictSame(leases(), [])
  await ok('start', 'orphan')
  t.equal(await ok('port', 'orphan'), '80/tcp -> 127.0.0.1:21999')
  await ok('rm', '-f', 'orphan')
})

t.test('wait and rm -f work on an orphan too', async (t) => {
  const pid = await killMonitor(await detached('waited', 'host', 'sleep', '0.7'))
  t.equal(await ok('wait', 'waited'), '255')
  t.notOk(isAlive(pid))
  const other = await killMonitor(await detached('removed', 'host', 'sleep', '1000'))
  await ok('rm', '-f', 'removed', 'waited')
  t.notOk(isAlive(other))
  t.strictSame(leases(), [])
})

t.test('monitor and container are killed', async (t) => {
  const since = new Date().toISOString()
  const id = await detached('both', 'host', 'sleep', '1000')
  process.kill(await killMonitor(id), 'SIGKILL')
  await waitUntil('ps says so', async () =>
    (await ok('ps', '-a', '--format', '{{.Status}}')).startsWith('Exited (255)'),
  )
  t.strictSame(leases(), [], 'ps took its address back')
  const kind = ['--filter', 'type=container']
  const events = ['events', '--since', since, '--until', '0s', ...kind, '--format', '{{.Action}}']
  t.equal(await ok(...events), 'create\nstart\ndie')
  await ok('start', 'both')
  t.equal(await inspect('both', '.State.Status'), 'running')
  await ok('rm', '-f', 'both')
})

t.test(
  'monitor and container are killed: the restart policy acts with the next command',
  async (t) => {
    for (const [policy, starts] of [
      ['always', true],
      ['on-failure', true],
      ['no', false],
    ] as const) {
      const id = await detached('kept', '--restart', policy, 'host', 'sleep', '1000')
      const pid = await killMonitor(id)
      process.kill(pid, 'SIGKILL')
      await waitUntil('it is dead', () => !isAlive(pid))
      const seen = await Promise.all([1, 2, 3].map(() => run('ps', '-a', '--format', '{{.State}}')))
      for (const { exitCode, stderr } of seen) t.equal(exitCode, 0, stderr)
      const wanted = starts ? 'running' : 'exited'
      await bench.waitFor('kept', '.State.Status', wanted)
      t.equal(await inspect('kept', '.RestartCount'), starts ? 1 : 0, policy)
      await ok('rm', '-f', 'kept')
    }
    const id = await detached('stopped', '--restart', 'always', 'host', 'sleep', '1000')
    await killMonitor(id)
    await ok('stop', '-t', '0', 'stopped')
    await ok('ps', '-a')
    t.equal(await inspect('stopped', '.State.Status'), 'exited', 'what a user stopped stays')
    await ok('rm', 'stopped')
    t.strictSame(leases(), [])
  },
)

t.test('a --rm container whose monitor was killed goes with the next command', async (t) => {
  const id = await detached('brief', '--rm', 'host', 'sleep', '1000')
  const pid = await killMonitor(id)
  process.kill(pid, 'SIGKILL')
  await waitUntil('it is dead', () => !isAlive(pid))
  t.equal(
    await ok('run', '--rm', '--name', 'brief', 'host', 'echo', 'again'),
    'again',
    'its name is free',
  )
  t.equal(await ok('ps', '-aq'), '')
  t.notOk(existsSync(containerFolder(folders, id).path))
})

t.test('the attach client is killed: the container goes on', async (t) => {
  const child = startCommand(
    ['run', '--name', 'left', '--network', 'none', 'host', 'sh', '-c', 'echo on; sleep 1000'],
    bench,
  )
  child.stdin.end()
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  t.equal(await inspect('left', '.State.Status'), 'running')
  t.equal(await ok('logs', 'left'), 'on')
  await ok('rm', '-f', 'left')
})

t.test('the command is killed at any moment of a run', { timeout: 90_000 }, async (t) => {
  for (let delay = 5; delay <= 185; delay += 20) {
    const child = startCommand(
      ['run', '-d', '--rm', '--name', 'cut', '-v', '/data', 'host', 'sleep', '1000'],
      bench,
    )
    child.stdin.end()
    const ended = once(child, 'close')
    await sleep(delay) // Not a wait for something: the moment of the kill.
    child.kill('SIGKILL')
    await ended
    const state = await run('ps', '-a', '--format', '{{.Names}} {{.State}}')
    t.match(state.stdout, /^(cut running\n|cut created\n|)$/, `after ${delay} ms`)
    t.match(await run('rm', '-f', 'cut'), { exitCode: 0 })
    // What was started goes on by itself for a moment, at most until it ran.
    await waitUntil('nothing is left', async () => {
      const ids = (await ok('ps', '-aq')).split('\n').filter(Boolean)
      if (ids.length > 0) await run('rm', '-f', ...ids)
      return ids.length === 0 && leases().length === 0
    })
  }
  t.strictSame(readdirSync(join(folders.dataDir, 'containers')), [])
})

t.test('create and rm -v are killed at any moment: no volume stays', async (t) => {
  const killed = async (delay: number, ...args: string[]): Promise<void> => {
    const child = startCommand(args, bench)
    child.stdin.end()
    const ended = once(child, 'close')
    await sleep(delay) // Not a wait for something: the moment of the kill.
    child.kill('SIGKILL')
    await ended
  }
  const volumes = Array.from({ length: 12 }, (_, index) => ['-v', `/data${index}`]).flat()
  for (let delay = 20; delay <= 110; delay += 6) {
    await killed(delay, 'create', '--name', 'cut', ...volumes, 'host', 'true')
    const made = await ok('ps', '-aq')
    const count = (await ok('volume', 'ls', '-q')).split('\n').filter(Boolean).length
    t.equal(count, made === '' ? 0 : 12, `create after ${delay} ms`)
    if (made === '') await ok('create', '--name', 'cut', ...volumes, 'host', 'true')
    await killed(delay, 'rm', '-v', 'cut')
    const left = await ok('ps', '-aq')
    const rest = (await ok('volume', 'ls', '-q')).split('\n').filter(Boolean).length
    t.equal(rest, left === '' ? 0 : 12, `rm after ${delay} ms`)
    if (left !== '') await ok('rm', '-v', 'cut')
  }
  await ok('create', '--name', 'kept', '-v', '/data', 'host', 'true')
  await ok('rm', 'kept')
  t.match(await ok('volume', 'ls', '-q'), /^[0-9a-f]{64}$/, 'without -v it stays')
  await ok('volume', 'prune', '-f')
})

/** The zygote that a command has beside itself; undefined when the command has ended before. */
async function zygoteOf(command: {
  pid?: number | undefined
  exitCode: number | null
}): Promise<number | undefined> {
  let found: number | undefined
  await waitUntil('the command has a zygote', () => {
    found = childrenOf(command.pid ?? 0).find((pid) => commandLine(pid).includes('zygote'))
    return found !== undefined || command.exitCode !== null
  })
  return found
}

const readProc = (path: string): string => {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch {
    return ''
  }
}
const childrenOf = (pid: number): number[] =>
  readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
const commandLine = (pid: number): string => readProc(`${pid}/cmdline`).replaceAll('\0', ' ')

t.test('the zygote is killed at any moment of a run', { timeout: 90_000 }, async (t) => {
  for (let delay = 0; delay <= 60; delay += 6) {
    const child = startCommand(
      ['run', '-d', '--rm', '--name', 'cut', 'host', 'sleep', '1000'],
      bench,
    )
    child.stdin.end()
    const ended = once(child, 'close')
    const zygote = await zygoteOf(child)
    await sleep(delay) // Not a wait for something: the moment of the kill.
    if (zygote !== undefined && commandLine(zygote).includes('zygote'))
      process.kill(zygote, 'SIGKILL')
    const [code] = (await ended) as [number]
    t.ok(code === 0 || code === 125, `after ${delay} ms: ${code}`)
    const names = await ok('ps', '-a', '--format', '{{.Names}} {{.State}}')
    t.equal(names, code === 0 ? 'cut running' : '', 'it runs, or there is nothing')
    await run('rm', '-f', 'cut')
    await ok('ps')
    t.strictSame(leases(), [])
  }
})
