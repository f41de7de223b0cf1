import { spawn, spawnSync } from 'node:child_process'
import t from 'tap'
import { isAlive, until } from './container-run.ts'
import { shim } from './zygote-client.ts'

t.test('init ends as its program does', async (t) => {
  const rows = [
    { title: 'code', argv: ['/bin/sh', '-c', 'exit 7'], code: 7 },
    { title: 'signal', argv: ['/bin/sh', '-c', 'kill -9 $$'], code: 137 },
    { title: 'along PATH', argv: ['true'], code: 0 },
    { title: 'not found', argv: ['no-such-program'], code: 127 },
    { title: 'no such file', argv: ['/no/such/program'], code: 127 },
    { title: 'a folder', argv: ['/'], code: 126 },
    { title: 'nothing given', argv: [], code: 125 },
  ]
  for (const { title, argv, code } of rows)
    t.equal(spawnSync(shim, ['init', '--', ...argv]).status, code, title)
})

t.test('the program runs in a group of its own, with default signals', async (t) => {
  const script = 'ps -o pgid= -p $$ | tr -d " "; echo $$; grep -E "^Sig(Blk|Ign)" /proc/self/status'
  const { stdout } = spawnSync(shim, ['init', '--', '/bin/sh', '-c', script], { encoding: 'utf8' })
  const [group, pid, blocked, ignored] = stdout.split('\n')
  t.equal(group, pid)
  t.match(blocked, /0{16}$/)
  t.match(ignored, /0{16}$/)
})

t.test('signals are passed on', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
    const script = `trap 'echo ${signal}; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.02; done`
    const child = spawn(shim, ['init', '--', '/bin/sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
    await until(() => output.includes('ready'))
    child.kill(signal)
    t.equal(await closed, 5, signal)
    t.match(output, signal)
  }
})

t.test('orphans are reaped', async (t) => {
  const script =
    'p=$(sleep 0.05 >/dev/null & echo $!); echo $p; while [ -e /proc/$p ]; do sleep 0.02; done; exit 3'
  const child = spawn(shim, ['init', '-s', '--', '/bin/sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  await until(() => /^\d+\n/.test(output))
  await until(() => !isAlive(Number(output)))
  t.equal(await closed, 3)
  t.throws(() => process.kill(Number(output), 0), { code: 'ESRCH' }, 'no zombie is left')
})
