import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hold, keepStdin, makeFolder, runContainer, stdinOnce, until } from './container-run.ts'
import { recordType, shim } from './zygote-client.ts'

const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Client {
  readonly pid: number | undefined
  readonly input: NodeJS.WritableStream
  readonly kill: (signal: NodeJS.Signals) => void
  readonly output: () => string
  readonly finished: Promise<Finished>
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Client {
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } })
  const chunks: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  child.stdin.on('error', () => {})
  const output = (): string => Buffer.concat(chunks).toString()
  const finished = new Promise<Finished>((resolve) =>
    child.on('close', (code) =>
      resolve({ code, stdout: output(), stderr: Buffer.concat(errors).toString() }),
    ),
  )
  return {
    pid: child.pid,
    input: child.stdin,
    kill: (signal) => child.kill(signal),
    output,
    finished,
  }
}

const attach = (folder: string, ...options: string[]): Client =>
  start(shim, ['attach', folder, ...options])

/** The same inside a terminal of its own, as script(1) makes one. */
function attachInTerminal(folder: string, ...options: string[]): Client {
  const command = [shim, 'attach', folder, '--tty', '--stdin', '--stdout', ...options].join(' ')
  return start('script', [
    '-qec',
    `stty rows 33 cols 77; ${command}; echo code=$?; stty -a | grep -o -- '-*icanon'`,
    '/dev/null',
  ])
}

/** One frame of the attach protocol; `length` may lie. */
function encodeFrame(type: number, length: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt8(type, 0)
  head.writeUInt32LE(length, 4)
  return Buffer.concat([head, payload])
}

t.test('output, error output and the exit code come through', async (t) => {
  const run = runContainer(t, {
    argv: sh('echo out; echo err >&2; exit 7'),
    monitor: { flags: hold, holdMs: 9000 },
  })
  const result = await attach(run.folder).finished
  t.same(result, { code: 7, stdout: 'out\n', stderr: 'err\n' })
})

t.test(
  'a client may come before the socket is there, and even before the folder has anything',
  async (t) => {
    const run = runContainer(t, {
      argv: sh('echo late'),
      monitor: { flags: hold, holdMs: 9000 },
      outer: () => {},
    })
    t.match(await attach(run.folder, '--stdout').finished, { code: 0, stdout: 'late\n' })
  },
)

t.test('stdin is passed on, and its end', async (t) => {
  const flags = hold | keepStdin | stdinOnce
  const run = runContainer(t, { argv: ['/bin/cat'], monitor: { flags, holdMs: 9000 } })
  const client = attach(run.folder, '--stdin', '--stdout')
  const text = 'line of text\n'.repeat(50_000)
  client.input.end(text)
  const result = await client.finished
  t.equal(result.code, 0)
  t.ok(result.stdout === text, `all ${text.length} bytes`)
})

t.test('a client that reads slowly holds the container up, and loses nothing', async (t) => {
  const run = runContainer(t, {
    argv: sh(
      'i=0; while [ $i -lt 30000 ]; do echo "$i 0123456789012345678901234567890123456789"; i=$((i+1)); done',
    ),
    monitor: { flags: hold, holdMs: 9000 },
  })
  const slow = start('/bin/sh', ['-c', `${shim} attach ${run.folder} | (sleep 0.3; cat | md5sum)`])
  const expected = start('/bin/sh', [
    '-c',
    'i=0; while [ $i -lt 30000 ]; do echo "$i 0123456789012345678901234567890123456789"; i=$((i+1)); done | md5sum',
  ])
  t.equal((await slow.finished).stdout, (await expected.finished).stdout)
})

t.test('signals go to the container, past stdin that it does not read', async (t) => {
  const run = runContainer(t, {
    argv: sh('trap "echo got it; exit 9" TERM; echo ready; while :; do sleep 0.05; done'),
    monitor: { flags: hold | keepStdin, holdMs: 9000 },
  })
  const client = attach(run.folder, '--stdin', '--stdout', '--sig-proxy')
  client.input.write(Buffer.alloc(1 << 20))
  await until(() => client.output().includes('ready'))
  client.kill('SIGTERM')
  const result = await client.finished
  t.equal(result.code, 9)
  t.match(result.stdout, 'got it')
})

t.test(
  'the third interrupt ends the client, and leaves a program alone that goes on',
  async (t) => {
    const run = runContainer(t, {
      argv: sh('trap "echo heard" INT; echo ready; while :; do sleep 0.01; done'),
      monitor: { flags: hold, holdMs: 9000 },
    })
    const { value: pid } = await run.zygote.next(recordType.exec)
    const client = attach(run.folder, '--stdout', '--sig-proxy')
    await until(() => client.output().includes('ready'))
    for (const count of [1, 2]) {
      client.kill('SIGINT')
      await until(() => client.output().split('heard').length === count + 1)
    }
    client.kill('SIGINT')
    const result = await client.finished
    t.equal(result.code, 1)
    t.match(result.stderr, 'left alone')
    process.kill(pid, 0)
    process.kill(pid, 9)
    t.equal((await run.ended()).value, 137)
  },
)

t.test('without --sig-proxy a signal ends the client alone', async (t) => {
  const run = runContainer(t, {
    argv: sh('echo ready; sleep 100'),
    monitor: { flags: hold, holdMs: 9000 },
  })
  const { value: pid } = await run.zygote.next(recordType.exec)
  const client = attach(run.folder)
  await until(() => client.output().includes('ready'))
  client.kill('SIGINT')
  t.equal((await client.finished).code, null)
  process.kill(pid, 9)
  t.equal((await run.ended()).value, 137)
})

t.test('two clients see the same', async (t) => {
  const run = runContainer(t, {
    argv: sh('read x; echo said $x'),
    monitor: { flags: hold | keepStdin, holdMs: 9000 },
  })
  const one = attach(run.folder)
  const two = attach(run.folder, '--stdin', '--stdout')
  await run.zygote.next(recordType.exec)
  // Both must be in before there is anything to see.
  const three = attach(run.folder, '--stdin')
  three.input.write('hello\n')
  t.match(await two.finished, { code: 0 })
  t.match(await one.finished, { code: 0 })
  t.match(await three.finished, { code: 0, stdout: '' })
})

t.test('a terminal: size, raw mode, exit code, and the old mode afterwards', async (t) => {
  const run = runContainer(t, {
    argv: sh(
      'until [ "$(stty size)" = "33 77" ]; do sleep 0.02; done; stty size; tty >/dev/null && echo is-tty; read line; echo "got $line"; exit 5',
    ),
    terminal: true,
    monitor: { flags: hold | keepStdin, holdMs: 9000 },
  })
  const client = attachInTerminal(run.folder)
  await until(() => client.output().includes('is-tty'))
  client.input.write('abc\r')
  const { stdout } = await client.finished
  t.match(stdout, '33 77\r\n')
  t.match(stdout, 'got abc\r\n')
  t.match(stdout, 'code=5')
  t.match(stdout, /\n icanon|\nicanon/)
})

t.test('detach keys leave the container running', async (t) => {
  const run = runContainer(t, {
    argv: sh('echo ready; cat'),
    terminal: true,
    monitor: { flags: hold | keepStdin, holdMs: 9000 },
  })
  const { value: pid } = await run.zygote.next(recordType.exec)
  const client = attachInTerminal(run.folder)
  await until(() => client.output().includes('ready'))
  client.input.write('\x10')
  client.input.write('\x11')
  const { stdout } = await client.finished
  t.match(stdout, 'code=0')
  t.ok(existsSync(`/proc/${pid}`))
  const again = attachInTerminal(run.folder)
  again.input.write('once more\r')
  await until(() => again.output().includes('once more\r\nonce more\r\n'))
  process.kill(pid, 9)
  t.match((await again.finished).stdout, 'code=137')
})

t.test('a new window size reaches the container', async (t) => {
  const run = runContainer(t, {
    argv: sh('trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.02; done'),
    terminal: true,
    monitor: { flags: hold, holdMs: 9000 },
  })
  const attached = `${shim} attach ${run.folder} --tty --stdin --stdout`
  // Once the container answers to the first size another one would come too late: only wait for the word.
  const resize = `(until [ -e ${run.folder}/go ]; do sleep 0.02; done; stty rows 41 cols 99 </dev/tty)`
  const client = start('script', ['-qec', `${resize} & ${attached}`, '/dev/null'])
  await until(() => client.output().includes('ready'))
  writeFileSync(join(run.folder, 'go'), '')
  t.match((await client.finished).stdout, '41 99')
})

t.test('the client stops and goes on as a job does', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/cat'],
    monitor: { flags: hold | keepStdin | stdinOnce, holdMs: 9000 },
  })
  const client = attach(run.folder, '--stdin', '--stdout', '--sig-proxy')
  client.input.write('one\n')
  await until(() => client.output() === 'one\n')
  client.kill('SIGTSTP')
  await until(() => readFileSync(`/proc/${client.pid}/stat`, 'utf8').includes(') T '))
  client.input.end('two\n')
  client.kill('SIGCONT')
  t.match(await client.finished, { code: 0, stdout: 'one\ntwo\n' })
})

t.test('a failed start: --on-failure is executed, or 125', async (t) => {
  const rows = [
    {
      options: ['--on-failure', '/bin/sh', '-c', 'echo explained; exit 127'],
      code: 127,
      stdout: 'explained\n',
    },
    { options: [], code: 125, stdout: '' },
  ]
  for (const { options, code, stdout } of rows) {
    const run = runContainer(t, { argv: ['/nope'], monitor: { flags: hold, holdMs: 9000 } })
    t.match(await attach(run.folder, ...options).finished, { code, stdout })
  }
})

t.test('nobody there: the exit file answers, else 125', async (t) => {
  const folder = makeFolder(t)
  t.equal((await attach(folder, '--wait-ms', '10').finished).code, 125)
  writeFileSync(join(folder, 'exit'), '{"exitCode":42,"signal":0}')
  t.equal((await attach(folder, '--wait-ms', '10').finished).code, 42)
  t.equal((await attach(join(folder, 'none')).finished).code, 125)
})

t.test('a monitor that is killed is said to be lost', async (t) => {
  const run = runContainer(t, {
    argv: sh('echo ready; sleep 100'),
    monitor: { flags: hold, holdMs: 9000 },
  })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  const client = attach(run.folder)
  await until(() => client.output().includes('ready'))
  process.kill(Number(aux), 9)
  t.equal((await client.finished).code, 125)
  process.kill(pid, 9)
})

t.test('a reader that goes away ends the client quietly', async (t) => {
  const run = runContainer(t, { argv: sh('yes'), monitor: { flags: hold, holdMs: 9000 } })
  const { value: pid } = await run.zygote.next(recordType.exec)
  const client = start('/bin/bash', [
    '-c',
    `${shim} attach ${run.folder} | head -1; echo \${PIPESTATUS[0]}`,
  ])
  t.same(await client.finished, { code: 0, stdout: 'y\n141\n', stderr: '' })
  process.kill(pid, 9)
  await run.ended()
})

t.test('nobody ever attaches: a held container ends after its time', async (t) => {
  const run = runContainer(t, {
    argv: sh('echo x'),
    logName: 'log',
    monitor: { flags: hold, holdMs: 100, logFormat: 2 },
  })
  await run.ended()
  t.match(run.read('log'), / F x\n/)
})

t.test('hostile clients are dropped and harm nobody', async (t) => {
  const run = runContainer(t, { argv: sh('sleep 100'), monitor: { flags: keepStdin } })
  const { value: pid, aux } = await run.zygote.next(recordType.exec)
  const attached = encodeFrame(1, 4, Buffer.from([7, 0, 0, 0]))
  const rows = [
    { title: 'no ATTACH first', bytes: encodeFrame(5, 4, Buffer.from([9, 0, 0, 0])) },
    { title: 'a huge frame', bytes: encodeFrame(1, 0xffffffff) },
    { title: 'huge STDIN', bytes: Buffer.concat([attached, encodeFrame(2, 0x7fffffff)]) },
    { title: 'unknown type', bytes: Buffer.concat([attached, encodeFrame(99, 0)]) },
    {
      title: 'short RESIZE',
      bytes: Buffer.concat([attached, encodeFrame(4, 1, Buffer.from([1]))]),
    },
  ]
  for (const { title, bytes } of rows) {
    const socket = connect(join(run.folder, 'attach'))
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.resume()
    socket.write(bytes)
    await closed
    t.pass(title)
  }
  t.ok(readFileSync(`/proc/${aux}/stat`, 'utf8'))
  t.ok(existsSync(`/proc/${pid}`), 'the signal of the one without ATTACH was not sent')
  process.kill(pid, 9)
  await run.ended()
})
