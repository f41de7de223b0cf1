import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// Broken images and configurations: each gets one line with its cause and cure, and the exit code
// that docker gives.

t.setTimeout(180_000)

const rootfs = mkdtempSync(join(tmpdir(), 'broken-image-'))
t.teardown(() => rmSync(rootfs, { recursive: true, force: true }))
makeBrokenImage()

function put(path: string, content: string | Uint8Array, mode = 0o755): void {
  writeFileSync(join(rootfs, path), content)
  chmodSync(join(rootfs, path), mode)
}

function makeBrokenImage(): void {
  for (const folder of ['bin', 'etc', 'opt/folder', 'mnt', 'secret'])
    mkdirSync(join(rootfs, folder), { recursive: true })
  chmodSync(rootfs, 0o755)
  chmodSync(join(rootfs, 'secret'), 0o700)
  copyFileSync('/bin/busybox', join(rootfs, 'bin/busybox'))
  for (const name of ['sh', 'sleep', 'true']) symlinkSync('busybox', join(rootfs, 'bin', name))
  put('etc/passwd', 'root:x:0:0::/root:/bin/sh\n', 0o644)
  put('etc/long', `LONG=${'x'.repeat(200_000)}\n`, 0o644)
  put('opt/crlf', '#!/bin/sh\r\necho\r\n')
  put('opt/crlf-env', '#!/usr/bin/env sh\r\necho\r\n')
  put('opt/python', '#!/usr/bin/python3\n')
  put('opt/nameless', '#!\n')
  put('opt/text', 'echo no interpreter line\n')
  put('opt/empty', '')
  put('opt/garbage', new Uint8Array(600))
  put('opt/plain', '#!/bin/sh\n', 0o644)
  put('opt/roots', '#!/bin/sh\n', 0o700)
  put('secret/program', '#!/bin/sh\n')
  put('opt/interpreter', 'x', 0o644)
  put('opt/indirect', '#!/opt/interpreter\n')
  put('bin/denied', '#!/bin/sh\n', 0o644)
  symlinkSync('loop', join(rootfs, 'opt/loop'))
  symlinkSync('nowhere', join(rootfs, 'opt/dangling'))
  execFileSync('mkfifo', [join(rootfs, 'opt/fifo')])
  const dynamic = readFileSync('/bin/ls')
  put('opt/dynamic', dynamic)
  put('opt/musl', withInterpreter(dynamic, '/lib/ld-musl-x86_64.so.1'))
  const foreign = readFileSync('/bin/busybox')
  foreign.writeUInt16LE(foreign.readUInt16LE(18) === 183 ? 62 : 183, 18)
  put('opt/foreign', foreign)
  put('opt/cut', dynamic.subarray(0, 40))
}

/** The same program asking for another loader. */
function withInterpreter(program: Buffer, path: string): Buffer {
  const changed = Buffer.from(program)
  const at = changed.indexOf('/lib')
  const end = changed.indexOf(0, at)
  changed.fill(0, at, end)
  changed.write(path.slice(0, end - at), at)
  return changed
}

interface Row {
  readonly name: string
  /** Flags of run, before the root file system. */
  readonly flags?: readonly string[]
  readonly program: readonly string[]
  readonly exitCode: number
  readonly says: RegExp
}

const rows: readonly Row[] = [
  {
    name: 'a program that no folder of PATH has',
    program: ['nothing-like-it'],
    exitCode: 127,
    says: /not found in PATH .*PATH=\/usr\/local\/sbin/,
  },
  {
    name: 'a misspelt program',
    program: ['slep'],
    exitCode: 127,
    says: /Did you mean \/bin\/sleep\?/,
  },
  {
    name: 'a misspelt path',
    program: ['/opt/pythn'],
    exitCode: 127,
    says: /no such file in the container.*Did you mean \/opt\/python\?/,
  },
  {
    name: 'the right name in the wrong folder',
    program: ['/usr/bin/sleep'],
    exitCode: 127,
    says: /Did you mean \/bin\/sleep\?/,
  },
  {
    name: 'a dangling symbolic link',
    program: ['/opt/dangling'],
    exitCode: 127,
    says: /no such file/,
  },
  {
    name: 'a part of the path is a file',
    program: ['/etc/passwd/x'],
    exitCode: 127,
    says: /part of the path is a file/,
  },
  {
    name: 'CRLF behind the interpreter',
    program: ['/opt/crlf'],
    exitCode: 127,
    says: /carriage return.*"\/bin\/sh\\r".*sed -i/,
  },
  {
    name: 'CRLF behind an argument of the interpreter',
    program: ['/opt/crlf-env'],
    exitCode: 127,
    says: /carriage return/,
  },
  {
    name: 'a missing interpreter',
    program: ['/opt/python'],
    exitCode: 127,
    says: /interpreter \/usr\/bin\/python3 .* not in the image/,
  },
  {
    name: 'an interpreter line without interpreter',
    program: ['/opt/nameless'],
    exitCode: 126,
    says: /names no interpreter/,
  },
  {
    name: 'an interpreter that is not executable',
    program: ['/opt/indirect'],
    exitCode: 126,
    says: /interpreter \/opt\/interpreter .* cannot be executed/,
  },
  {
    name: 'a text without interpreter line',
    program: ['/opt/text'],
    exitCode: 126,
    says: /text without an interpreter line/,
  },
  { name: 'an empty file', program: ['/opt/empty'], exitCode: 126, says: /is empty/ },
  {
    name: 'no program at all',
    program: ['/opt/garbage'],
    exitCode: 126,
    says: /format that the kernel cannot execute/,
  },
  {
    name: 'a program for another architecture',
    program: ['/opt/foreign'],
    exitCode: 126,
    says: /is built for (aarch64|x86_64), this machine is/,
  },
  {
    name: 'a program that was cut off',
    program: ['/opt/cut'],
    exitCode: 126,
    says: /is cut off/,
  },
  {
    name: 'a missing loader',
    program: ['/opt/dynamic'],
    exitCode: 127,
    says: /needs the loader \/lib.*ld-linux.* not in the image/,
  },
  {
    name: 'a program for musl in an image without it',
    program: ['/opt/musl'],
    exitCode: 127,
    says: /needs the loader \/lib\/ld-musl.*built for musl/,
  },
  {
    name: 'no execute permission',
    program: ['/opt/plain'],
    exitCode: 126,
    says: /no execute permission \(mode 644\).*chmod \+x/,
  },
  {
    name: 'no execute permission, found in PATH',
    program: ['denied'],
    exitCode: 126,
    says: /\/bin\/denied has no execute permission/,
  },
  {
    name: 'a program that only root may execute',
    flags: ['-u', '1000'],
    program: ['/opt/roots'],
    exitCode: 126,
    says: /may not be executed by user 1000/,
  },
  {
    name: 'a folder that the user may not enter',
    flags: ['-u', '1000'],
    program: ['/secret/program'],
    exitCode: 126,
    says: /below \/secret, which user 1000 may not enter/,
  },
  { name: 'a folder', program: ['/opt/folder'], exitCode: 126, says: /is a directory/ },
  {
    name: 'a FIFO',
    program: ['/opt/fifo'],
    exitCode: 126,
    says: /neither a file nor a directory/,
  },
  { name: 'a link to itself', program: ['/opt/loop'], exitCode: 126, says: /ELOOP/ },
  {
    name: 'a variable that is too long',
    flags: ['--env-file', `${rootfs}/etc/long`],
    program: ['/bin/true'],
    exitCode: 125,
    says: /arguments and the environment are too long/,
  },
  {
    name: 'a mount with noexec',
    flags: ['--mount', `type=bind,source=${rootfs}/opt,target=/mnt,readonly,noexec`],
    program: ['/mnt/text'],
    exitCode: 126,
    says: /lies on a mount with the option noexec/,
  },
  {
    name: 'a script on a bind mount',
    flags: ['-v', `${rootfs}/opt:/mnt`],
    program: ['/mnt/crlf'],
    exitCode: 127,
    says: /first line of \/mnt\/crlf ends in a carriage return/,
  },
  {
    name: 'a missing source of a mount',
    flags: ['--mount', 'type=bind,source=/does/not/exist,target=/mnt'],
    program: ['true'],
    exitCode: 125,
    says: /\/does\/not\/exist.*does not exist/,
  },
  {
    name: 'a file mounted over a folder',
    flags: ['--mount', `type=bind,source=${rootfs}/etc/passwd,target=/opt/folder`],
    program: ['true'],
    exitCode: 125,
    says: /\/opt\/folder.*of one kind/,
  },
  {
    name: 'a working folder that is a file',
    flags: ['-w', '/etc/passwd'],
    program: ['true'],
    exitCode: 125,
    says: /ENOTDIR.*-w/,
  },
  {
    name: 'an unknown user',
    flags: ['-u', 'nobody-like-it'],
    program: ['true'],
    exitCode: 125,
    says: /unable to find user nobody-like-it/,
  },
  {
    name: 'an unknown group',
    flags: ['--group-add', 'nogroup-like-it'],
    program: ['true'],
    exitCode: 125,
    says: /unable to find group nogroup-like-it/,
  },
  {
    name: 'an unknown sysctl',
    flags: ['--sysctl', 'net.ipv4.nothing_like_it=1'],
    program: ['true'],
    exitCode: 125,
    says: /nothing_like_it/,
  },
  {
    name: 'a missing device',
    flags: ['--device', '/dev/nothing-like-it'],
    program: ['true'],
    exitCode: 125,
    says: /\/dev\/nothing-like-it/,
  },
  {
    name: 'a memory limit that nothing can start with',
    flags: ['-m', '64k'],
    program: ['true'],
    exitCode: 125,
    says: /limit of 65536 bytes is too low/,
  },
  {
    name: 'an unknown flag',
    flags: ['--memmory', '1m'],
    program: ['true'],
    exitCode: 125,
    says: /--memory/,
  },
]

t.test('says why a container does not start', async (t) => {
  t.setTimeout(120_000)
  const { run } = commandBench(t)
  for (const { name, flags = [], program, exitCode, says } of rows)
    await t.test(name, async (t) => {
      const [first = '', ...rest] = program
      const result = await run(
        'run',
        '--network',
        'none',
        '--name',
        'broken',
        ...flags,
        '--rootfs',
        rootfs,
        first,
        ...rest,
      )
      t.match(result.stderr, says)
      t.equal(result.exitCode, exitCode)
      t.equal(result.stderr.trimEnd().split('\n').length, 1, 'one line')
      await run('rm', '-f', 'broken')
    })
})

t.test('and with --rm leaves no container', async (t) => {
  const { run, ok } = commandBench(t)
  const args = ['run', '--rm', '--network', 'none', '--rootfs', rootfs, 'nothing-like-it']
  const result = await run(...args)
  t.match(result.stderr, /not found in PATH/)
  t.equal(result.exitCode, 127)
  t.equal(await ok('ps', '-aq'), '')
})

t.test('says why a program of a running container is not executed', async (t) => {
  const { run, ok } = commandBench(t)
  await ok('run', '-d', '--network', 'none', '--name', 'box', '--rootfs', rootfs, 'sleep', '600')
  for (const [program, exitCode, says] of [
    ['slep', 127, /Did you mean \/bin\/sleep/],
    ['/opt/crlf', 127, /carriage return/],
    ['/opt/plain', 126, /no execute permission/],
    ['/opt/dynamic', 127, /needs the loader/],
    ['/opt/folder', 126, /is a directory/],
  ] as const) {
    const result = await run('exec', 'box', program)
    t.match(result.stderr, says, program)
    t.equal(result.exitCode, exitCode, program)
  }
})

t.test('says what is taken', async (t) => {
  const { run, ok } = commandBench(t)
  const plain = ['--network', 'none', '--rootfs', rootfs, 'true']
  await ok('create', '--name', 'one', ...plain)
  const name = await run('run', '--name', 'one', ...plain)
  t.match([name.exitCode, name.stderr], [125, /one/])
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const publish = await run('run', '-p', `${port}:80`, '--rootfs', rootfs, 'true')
  t.match([publish.exitCode, publish.stderr], [125, new RegExp(String(port))])
  const image = await run('run', 'nothing-like-it')
  t.match([image.exitCode, image.stderr], [125, /no such image: nothing-like-it/])
})
