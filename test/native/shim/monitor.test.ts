import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Assembler } from './assembler.ts'
import { data, newAssembler, slot } from './assembler.ts'
import { isAlive, keepStdin, makeFolder, runContainer, until } from './container-run.ts'
import { nr } from './numbers.ts'
import { recordType } from './zygote-client.ts'

const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]
const newPid = 0x20000000
const enterStateFolder = (a: Assembler): void => a.sys(nr.fchdir, [slot(6)])

t.test('exit codes and signals, as a shell gives them', async (t) => {
  const rows = [
    { title: 'code', script: 'exit 3', code: 3, signal: 0 },
    { title: 'zero', script: 'true', code: 0, signal: 0 },
    { title: 'killed', script: 'kill -9 $$', code: 137, signal: 9 },
    { title: 'terminated', script: 'kill $$', code: 143, signal: 15 },
  ]
  for (const { title, script, code, signal } of rows) {
    const run = runContainer(t, { argv: sh(script) })
    const record = await run.ended()
    t.match(record, { value: code, aux: BigInt(signal), id: 7n }, title)
    t.match(JSON.parse(run.read('exit')), { exitCode: code, signal, oomKills: 0 }, title)
  }
})

t.test('the process file names both processes, and when the program began', async (t) => {
  const run = runContainer(t, { argv: ['/bin/sleep', '100'] })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  const state = JSON.parse(run.read('process'))
  t.match(state, { pid, monitorPid: Number(aux) })
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? ''
  t.equal(state.startTicks, Number(stat.split(' ')[19]))
  t.match(state.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/)
  t.ok(Math.abs(Date.parse(state.startedAt) - Date.now()) < 60_000, 'it is now')
  process.kill(pid, 9)
  await run.ended()
})

t.test('the end is told to a log of events, before the clean-up and after it', async (t) => {
  const path = join(makeFolder(t), 'events')
  writeFileSync(path, 'earlier\n')
  const events = { path, ended: '{"action":"die","exit":', cleaned: '{"action":"destroy","exit":' }
  const run = runContainer(t, { argv: sh('exit 3'), events })
  await run.ended()
  const exit = JSON.parse(run.read('exit'))
  const [earlier, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.equal(earlier, 'earlier')
  const told = [
    { action: 'die', exit },
    { action: 'destroy', exit },
  ]
  t.strictSame(
    lines.map((line) => JSON.parse(line)),
    told,
  )
  // A clean-up that empties the log leaves what comes after it.
  const truncate = 0o1001 // O_WRONLY | O_TRUNC
  const cleanup = (a: Assembler): void =>
    a.sys(nr.openat, [-100, data(a.string(path)), truncate, 0])
  await runContainer(t, { argv: sh('exit 3'), events, cleanup }).ended()
  t.match(JSON.parse(readFileSync(path, 'utf8')), { action: 'destroy' })
})

t.test('what a container was found to hold is given back, line by line', async (t) => {
  const folder = makeFolder(t)
  const [first, second, cut] = ['first', 'second', 'cut'].map((name) => join(folder, name))
  for (const path of [first, second, cut]) writeFileSync(path ?? '', '')
  const run = runContainer(t, { argv: sh('sleep 1000') })
  const { value: pid } = await run.zygote.next(recordType.exec)
  const odd = ['mcv-not-here', '', 'relative/path', '/not/here', 'x'.repeat(40)]
  const lines = [...odd, first, second].join('\n')
  writeFileSync(join(run.folder, 'holdings'), `${lines}\n${cut}`)
  process.kill(pid, 9)
  await run.ended()
  t.strictSame(readdirSync(folder), ['cut'], 'a line without its end is none')
})

t.test('a start that failed is no end', async (t) => {
  const path = join(makeFolder(t), 'events')
  const run = runContainer(t, {
    argv: ['/does/not/exist'],
    events: { path, ended: '{', cleaned: '{' },
  })
  await run.zygote.next(recordType.fail)
  await until(() => existsSync(join(run.folder, 'exit')))
  t.notOk(existsSync(path))
})

t.test('a container sees default signals, no mask, and no descriptor of ours', async (t) => {
  const script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"
  const run = runContainer(t, { argv: sh(script), logName: 'log', monitor: { logFormat: 2 } })
  await run.ended()
  const text = run.read('log').replace(/^\S+ stdout F /gm, '')
  t.match(text, /SigBlk:\s0{16}\nSigIgn:\s0{16}\n0\n1\n2\n3\n$/) // 3: ls reads the folder
})

t.test('a clean-up can tell of the end before it is through', async (t) => {
  const gate = join(makeFolder(t), 'gate')
  execFileSync('mkfifo', [gate])
  const path = join(makeFolder(t), 'events')
  const events = { path, ended: '{"action":"die","exit":', cleaned: '{"action":"destroy","exit":' }
  const run = runContainer(t, {
    argv: sh('exit 3'),
    events,
    cleanup(a) {
      a.sys(nr.mkdirat, [slot(6), data(a.string('before')), 0o755])
      a.emit('tellEnd', [])
      a.emit('tellEnd', [])
      // It waits until somebody writes there.
      a.sys(nr.openat, [-100, data(a.string(gate)), 0, 0])
      a.sys(nr.mkdirat, [slot(6), data(a.string('after')), 0o755])
    },
  })
  const { value } = await run.ended()
  t.equal(value, 3)
  t.ok(existsSync(join(run.folder, 'before')))
  t.notOk(existsSync(join(run.folder, 'after')))
  const actions = (): string[] =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).action)
  t.strictSame(actions(), ['die', 'destroy'])
  writeFileSync(gate, '')
  await until(() => existsSync(join(run.folder, 'after')))
  t.strictSame(actions(), ['die', 'destroy'], 'once')
})

t.test('a start that fails is told with its step, cleaned up after, and recorded', async (t) => {
  const rows = [
    { title: 'execve of nothing', argv: ['/does/not/exist'], errno: 2 },
    { title: 'execve of a folder', argv: ['/'], errno: 13 },
  ]
  for (const { title, argv, errno } of rows) {
    const run = runContainer(t, {
      argv,
      cleanup(a) {
        a.emit('tellEnd', [])
        a.sys(nr.mkdirat, [slot(6), data(a.string('cleaned')), 0o755])
      },
    })
    const failure = await run.zygote.next(recordType.fail)
    t.equal(failure.value, errno, title)
    t.match(JSON.parse(run.read('exit')), { failed: { pc: failure.pc, errno, signal: 0 } }, title)
    t.ok(existsSync(join(run.folder, 'cleaned')), `${title}: cleanup was run before`)
  }
})

t.test('an inner half that is killed before its program runs is a failed start', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/true'],
    inner: (a) => {
      a.sys(nr.getpid, [], { dst: 40 })
      a.sys(nr.kill, [slot(40), 31])
    },
  })
  const died = await run.zygote.next(recordType.died)
  t.equal(died.value, 31)
  t.match(JSON.parse(run.read('exit')), { failed: { errno: 0, signal: 31 } })
})

t.test('a failure of the outer half kills the inner half', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/sleep', '100'],
    outer: (a) => {
      a.sys(nr.openat, [slot(6), data(a.string('pid')), 0o102, 0o644], { dst: 41 })
      a.emit('store', [slot(0), a.space(8), 8])
      a.emit('record', [6, slot(0)])
      a.emit('fail', [5])
    },
  })
  const pid = (await run.zygote.next(recordType.user)).value
  const { pc, value } = await run.zygote.next(recordType.fail)
  t.equal(value, 5)
  t.notOk(isAlive(pid))
  t.match(JSON.parse(run.read('exit')), { failed: { pc, errno: 5, signal: 0 } })
})

t.test('the failure of the inner half is told in place of what it caused outside', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/true'],
    inner: (a) => a.emit('fail', [22]),
    outer: (a) => {
      a.sys(nr.nanosleep, [
        data(a.bytes(Buffer.from(new BigInt64Array([0n, 200_000_000n]).buffer))),
        0,
      ])
      a.emit('fail', [32])
    },
  })
  t.equal((await run.zygote.next(recordType.fail)).value, 22)
})

t.test('monitors outlive the zygote, and record the end all the same', async (t) => {
  const run = runContainer(t, { argv: ['/bin/sleep', '100'] })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  run.zygote.process.kill('SIGKILL')
  // The stream stays open: the monitor still reports on it. Only the process tells.
  await until(() => run.zygote.process.signalCode !== null)
  process.kill(Number(aux), 'SIGTERM') // must not lose the container
  process.kill(Number(aux), 'SIGHUP')
  t.ok(isAlive(Number(aux)) && isAlive(pid))
  process.kill(pid, 'SIGINT')
  await until(() => existsSync(join(run.folder, 'exit')))
  t.match(JSON.parse(run.read('exit')), { exitCode: 130, signal: 2 })
  await until(() => !isAlive(Number(aux)))
})

t.test('a container is killed after its time', async (t) => {
  const run = runContainer(t, { argv: ['/bin/sleep', '100'], monitor: { timeoutMs: 100 } })
  t.equal((await run.ended()).value, 137)
})

t.test('the tick command is run again and again while the container runs', async (t) => {
  const ticks = join(makeFolder(t), 'ticks')
  const run = runContainer(t, {
    argv: ['/bin/sleep', '100'],
    tickArgv: ['/bin/sh', '-c', `echo tick >>${ticks}`],
    monitor: { tickMs: 10 },
  })
  const { value: pid } = await run.zygote.next(recordType.exec)
  await until(() => existsSync(ticks) && readFileSync(ticks, 'utf8').split('\n').length > 3)
  process.kill(pid, 9)
  await run.ended()
})

t.test('the exit command runs last, in place of the monitor', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/true'],
    exitArgv: ['/bin/sh', '-c', 'echo $$ >done; ls /proc/self/fd >>done; mv done told', 'sh'],
    cleanup: enterStateFolder,
  })
  const monitor = Number((await run.zygote.next(recordType.exec)).aux)
  const told = join(run.folder, 'told')
  await until(() => existsSync(told))
  t.equal(readFileSync(told, 'utf8'), `${monitor}\n0\n1\n2\n3\n`)
})

t.test('a wait before the exit command is cut short by the file "stop"', async (t) => {
  const exitArgv = ['/bin/touch', 'told']
  const run = runContainer(t, {
    argv: ['/bin/true'],
    exitArgv,
    cleanup: enterStateFolder,
    monitor: { exitDelayMs: 60_000 },
  })
  await run.ended()
  writeFileSync(join(run.folder, 'stop'), '')
  await until(() => existsSync(join(run.folder, 'told')))
  t.pass('it came at once')
})

t.test('PID 1 of a PID namespace takes its children along', async (t) => {
  const run = runContainer(t, {
    argv: sh('sleep 100 & echo $$; exit 4'),
    namespaces: newPid,
    logName: 'log',
    monitor: { logFormat: 2 },
  })
  t.equal((await run.ended()).value, 4)
  t.match(run.read('log'), / F 1\n$/)
})

t.test('output that others keep open does not hold up the end', async (t) => {
  const script = 'sleep 30 & echo $!; exit 0'
  const run = runContainer(t, { argv: sh(script), logName: 'log', monitor: { logFormat: 2 } })
  const began = Date.now()
  await run.ended()
  t.ok(Date.now() - began < 5000)
  process.kill(Number(run.read('log').trim().split(' ').at(-1)), 9)
})

t.test('--timings: a record for each step', async (t) => {
  const run = runContainer(t, { argv: ['/bin/true'] }, { trace: true })
  await run.ended()
  const traced = run.zygote.records.filter(({ type }) => type === recordType.trace)
  t.ok(traced.length > 15)
  t.ok(traced.every(({ aux }) => aux >= 0n && aux < 10_000_000_000n))
})

t.test('the zygote runs from a sealed copy and its children are not dumpable', async (t) => {
  const run = runContainer(t, { argv: ['/bin/sleep', '100'] })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  t.match(readlinkSync(`/proc/${aux}/exe`), /memfd:mycontainer-shim/)
  process.kill(pid, 9)
  await run.ended()
})

t.test('OOM kills are counted from the start of the container to its end', async (t) => {
  const events = join(makeFolder(t), 'memory.events')
  writeFileSync(events, 'low 0\noom 3\noom_kill 3\noom_group_kill 0\n')
  const run = runContainer(t, {
    argv: sh(`read x; echo 'oom_kill_disable 0\noom_kill 5' >${events}`),
    oomFile: events,
    monitor: { flags: keepStdin },
  })
  await run.zygote.next(recordType.exec)
  const socket = connect(join(run.folder, 'attach'))
  socket.resume()
  // ATTACH with stdin, then a line.
  socket.write(Buffer.from([1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 10]))
  t.equal((await run.zygote.next(recordType.oom)).value, 2)
  t.equal((await run.ended()).aux, 2n << 32n)
  socket.destroy()
  t.match(JSON.parse(run.read('exit')), { exitCode: 0, oomKills: 2 })
})

t.test('a new monitor adopts a container whose own was killed', async (t) => {
  const run = runContainer(t, { argv: ['/bin/sleep', '100'] })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  const { startedAt } = JSON.parse(run.read('process'))
  process.kill(Number(aux), 'SIGKILL')
  await until(() => !isAlive(Number(aux)))
  const a = newAssembler()
  a.emit('move', [pid], { dst: 0 })
  a.sys(nr.pidfd_open, [slot(0), 0], { dst: 1 })
  a.sys(nr.openat, [-100, data(a.string(run.folder)), 0x10000], { dst: 6 })
  a.emit('monitor', [data(a.monitor({ child: 0, pidfd: 1, stateDir: 6, flags: 16 }))])
  run.zygote.send(a.build({ id: 8n }))
  t.match(await run.zygote.next(recordType.exec), { value: pid, id: 8n })
  process.kill(pid, 'SIGTERM')
  t.equal((await run.ended()).id, 8n)
  const exit = JSON.parse(run.read('exit'))
  t.equal(exit.startedAt, startedAt, 'the time of its start is kept')
  // 143 where the kernel tells (since 6.15), else 255: unknown.
  t.ok([143, 255].includes(exit.exitCode))
})
