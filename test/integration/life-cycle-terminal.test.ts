import t from 'tap'
import type { Test } from 'tap'
import { commandBench } from './command-line.ts'
import { type TerminalOptions, type TerminalSession, openTerminal } from './terminal-session.ts'

// Needs root, and script(1) for a terminal.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)

function shell(
  test: Test,
  args: readonly string[],
  size: Omit<TerminalOptions, 'root'> = {},
): TerminalSession {
  const session = openTerminal(args, { root: bench.root, ...size })
  test.teardown(() => session.kill())
  return session
}

const run = ['run', '--rm', '-it', '--network', 'none', '--name']

t.test('run -it gives a shell a terminal with job control', async (t) => {
  const session = shell(t, [...run, 'jobs', 'host', '/bin/sh'], { rows: 33, columns: 77 })
  await session.expect(/# $/)
  session.type('tty; stty size; echo TERM=$TERM\n')
  await session.expect(/\/dev\/(pts\/0|console)\n33 77\nTERM=xterm\n/)
  session.resize(44, 99)
  session.type('stty size\n')
  await session.expect(/\n(?:# )*44 99\n/)
  session.type('echo first; sleep 1000\n')
  await session.expect(/\n(?:# )*first\n/)
  await foregroundIs('jobs', 'sleep 1000')
  session.type('\u0003')
  await session.expect(/# $/)
  session.type('echo code=$?\n')
  await session.expect(/\n(?:# )*code=130\n/)
  session.type('sleep 1001\n')
  await session.expect(/sleep 1001\n/)
  await foregroundIs('jobs', 'sleep 1001')
  session.type('\u001a')
  await session.expect(/Stopped.*sleep 1001/)
  session.type('jobs; fg\n')
  await session.expect(/Stopped[^]*sleep 1001\n[^]*sleep 1001\n/)
  await foregroundIs('jobs', 'sleep 1001')
  session.type('\u0003')
  await session.expect(/# $/)
  session.type('exit 42\n')
  t.equal(await session.ended, 42)
  t.equal(await bench.ok('ps', '-aq'), '', '--rm left nothing')
})

/** Wait until a program of the container is the one that keys go to: a shell makes it so after it has said its name. */
async function foregroundIs(container: string, command: string): Promise<void> {
  const line = new RegExp(`^S\\S*\\+ +${command}$`, 'm')
  while (!line.test(await bench.ok('top', container, '-o', 'stat,args'))) continue
}

t.test('run /bin/sh without an image or flags is a shell on the terminal', async (t) => {
  const session = shell(t, ['run', '--network', 'none', '/bin/sh'])
  await session.expect(/# $/)
  session.type('echo $((6 * 7)); test -t 0 && test -t 1 && echo terminal; exit 3\n')
  await session.expect(/\n(?:# )*42\nterminal\n/)
  t.equal(await session.ended, 3)
})

t.test('the keys of --detach-keys let go, and attach comes back', async (t) => {
  const name = 'detached'
  const session = shell(t, ['run', '-it', '--network', 'none', '--name', name, 'host', '/bin/sh'])
  await session.expect(/# $/)
  session.type('\u0010\u0011')
  t.equal(await session.ended, 0, 'ctrl-p ctrl-q')
  t.equal(await bench.inspect(name, '.State.Status'), 'running')
  const again = shell(t, ['attach', '--detach-keys', 'ctrl-x,x', name], { rows: 30, columns: 90 })
  await again.expect(/device/)
  again.type('stty size\n')
  await again.expect(/\n(?:# )*30 90\n/)
  again.type('\u0018x')
  t.equal(await again.ended, 0, 'ctrl-x x')
  const last = shell(t, ['attach', name])
  await last.expect(/device/)
  last.type('exit 9\n')
  t.equal(await last.ended, 9)
  t.equal(await bench.ok('wait', name), '9')
})

t.test('exec -it has a terminal of its own', async (t) => {
  const name = 'exec-terminal'
  await bench.ok('run', '-d', '--network', 'none', '--name', name, 'host', 'sleep', '1000')
  const session = shell(t, ['exec', '-it', name, '/bin/sh'], { rows: 20, columns: 70 })
  await session.expect(/# $/)
  session.type('stty size; tty\n')
  await session.expect(/\n(?:# )*20 70\n\/dev\/pts\/\d\n/)
  session.resize(21, 71)
  session.type('stty size\n')
  await session.expect(/\n(?:# )*21 71\n/)
  session.type('exit 6\n')
  t.equal(await session.ended, 6)
  await bench.ok('rm', '-f', name)
})

t.test('Ctrl-C ends a foreground container without a terminal of its own', async (t) => {
  const script = 'trap "exit 5" INT; echo ready; while :; do sleep 0.05; done'
  const session = shell(t, ['run', '--rm', '--network', 'none', 'host', 'sh', '-c', script])
  await session.expect(/ready\n/)
  session.type('\u0003')
  t.equal(await session.ended, 5)
})

t.test('start -a -i goes back to the terminal of before', async (t) => {
  const name = 'started'
  await bench.ok('create', '-it', '--network', 'none', '--name', name, 'host', '/bin/sh')
  const session = shell(t, ['start', '-ai', name])
  await session.expect(/# $/)
  session.type('tty; exit 4\n')
  await session.expect(/\/dev\/(pts\/0|console)\n/)
  t.equal(await session.ended, 4)
})
