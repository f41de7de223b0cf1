import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { badValues } from './bad-values.ts'
import { commandBench } from './command-line.ts'
import { leftovers } from './leftovers.ts'

// Needs root. Each wrong input gets one line that says what is wrong, the right exit code, and leaves
// nothing behind.

t.setTimeout(180_000)
const bench = commandBench(t)
const run = ['run', '--rm', '--network', 'none']
const bin = join(bench.folder, 'bin')
const imageCommand = join(import.meta.dirname, '../../bin/myimage')
const file = (name: string, content: string | Buffer, mode = 0o644): string => {
  const path = join(bench.folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

interface BadRow {
  readonly title: string
  readonly args: readonly string[]
  /** Absent: 125. */
  readonly exitCode?: number
  /** Words that the message has to have. */
  readonly says: RegExp
}

async function testBadRows(t: Test, rows: readonly BadRow[]): Promise<void> {
  for (const { title, args, exitCode = 125, says } of rows) {
    const result = await bench.run(...args)
    const lines = result.stderr.trimEnd().split('\n')
    const isGood =
      result.exitCode === exitCode &&
      lines.length === 1 &&
      result.stderr.startsWith('mycontainer: ') &&
      says.test(result.stderr)
    const left = leftovers(bench.root)
    t.ok(isGood && left.length === 0, title, {
      found: result,
      wanted: { exitCode, says: String(says) },
      left,
    })
  }
}

/** A program of this machine with one field of its ELF header, or its loader, changed. */
function wrongPrograms(): void {
  const elf = readFileSync('/bin/true')
  const foreign = Buffer.from(elf)
  // e_machine, elf(5): s390.
  foreign.writeUInt16LE(22, 18)
  file('bin/foreign', foreign, 0o755)
  const loader = elf.indexOf('/ld-linux')
  const lost = Buffer.from(elf)
  lost.write('/no-linux', loader, 'latin1')
  file('bin/no-loader', lost, 0o755)
  file('bin/half', elf.subarray(0, 30), 0o755)
}

t.before(() => {
  mkdirSync(join(bin, 'folder'), { recursive: true })
  mkdirSync(join(bench.folder, 'part'))
  wrongPrograms()
  file('bin/no-interpreter', '#!/no/such/interpreter\n', 0o755)
  file('bin/crlf', '#!/bin/sh\r\necho hi\r\n', 0o755)
  file('bin/text', 'just words\n', 0o755)
  file('bin/empty', '', 0o755)
  file('bin/no-permission', '#!/bin/sh\n', 0o644)
})

t.test('programs', { timeout: 120_000 }, async (t) => {
  const program = (name: string, ...flags: string[]): string[] => [
    ...run,
    '-v',
    `${bin}:/b`,
    ...flags,
    'host',
    name,
  ]
  await testBadRows(t, [
    {
      title: 'none of that name',
      args: program('nosuchprogram'),
      exitCode: 127,
      says: /nosuchprogram.*not found in PATH/u,
    },
    { title: 'none at that path', args: program('/b/nosuch'), exitCode: 127, says: /\/b\/nosuch/u },
    {
      title: 'a path through a file',
      args: program('/etc/passwd/x'),
      exitCode: 127,
      says: /\/etc\/passwd\/x.*file/u,
    },
    { title: 'no name at all', args: program(''), exitCode: 127, says: /empty/u },
    {
      title: 'a script without its interpreter',
      args: program('/b/no-interpreter'),
      exitCode: 127,
      says: /interpreter \/no\/such\/interpreter/u,
    },
    {
      title: 'a script from Windows',
      args: program('/b/crlf'),
      exitCode: 127,
      says: /carriage return/u,
    },
    {
      title: 'no loader',
      args: program('/b/no-loader'),
      exitCode: 127,
      says: /loader .*no-linux/u,
    },
    {
      title: 'another machine’s',
      args: program('/b/foreign'),
      exitCode: 126,
      says: /built for s390/u,
    },
    { title: 'half a program', args: program('/b/half'), exitCode: 126, says: /\/b\/half/u },
    {
      title: 'a text',
      args: program('/b/text'),
      exitCode: 126,
      says: /text without an interpreter line/u,
    },
    { title: 'an empty file', args: program('/b/empty'), exitCode: 126, says: /empty/u },
    {
      title: 'not executable',
      args: program('/b/no-permission'),
      exitCode: 126,
      says: /no execute permission/u,
    },
    { title: 'a folder', args: program('/b/folder'), exitCode: 126, says: /directory/u },
    {
      title: 'a working folder that is a file',
      args: program('true', '-w', '/etc/passwd'),
      says: /working folder/u,
    },
    {
      title: 'an entry point that is missing',
      args: program('x', '--entrypoint', '/b/nosuch'),
      exitCode: 127,
      says: /\/b\/nosuch/u,
    },
    {
      title: 'a search path without it',
      args: program('ls', '-e', 'PATH=/nowhere'),
      exitCode: 127,
      says: /PATH=\/nowhere/u,
    },
  ])
})

t.test('images and command lines', async (t) => {
  await testBadRows(t, [
    {
      title: 'no such image',
      args: [...run, 'nosuch', 'true'],
      says: /no such image: nosuch.*registry/u,
    },
    {
      title: 'an image that must be there',
      args: [...run, '--pull', 'never', 'nosuch', 'true'],
      says: /no such image/u,
    },
    { title: 'a reference that is none', args: [...run, 'UPPER:::x', 'true'], says: /UPPER:::x/u },
    { title: 'no image', args: ['run'], says: /at least 1 argument/u },
    {
      title: 'an unknown flag',
      args: [...run, '--memor', '5m', 'host'],
      says: /--memor\..*--memory\?/u,
    },
    { title: 'an unknown short flag', args: [...run, '-z', 'host'], says: /-z/u },
    { title: 'an unknown command', args: ['rnu', 'host'], says: /'rnu'.*mycontainer run/u },
    { title: 'a flag without its value', args: ['run', '--name'], says: /--name/u },
    {
      title: 'a root that is missing',
      args: [...run, '--rootfs', '/dev/null/x', 'true'],
      says: /\/dev\/null\/x/u,
    },
  ])
})

t.test('values of flags', { timeout: 120_000 }, async (t) => {
  await testBadRows(
    t,
    badValues.map(([flag, value, says]) => ({
      title: `${flag} ${value}`,
      args: ['run', '--rm', flag, value, 'host', 'true'],
      says,
    })),
  )
})

t.test('files that are malformed', async (t) => {
  await testBadRows(t, [
    {
      title: 'seccomp: no JSON',
      args: [...run, '--security-opt', `seccomp=${file('a.json', '{bad')}`, 'host', 'true'],
      says: /seccomp profile.*JSON/u,
    },
    {
      title: 'seccomp: an unknown action',
      args: [
        ...run,
        '--security-opt',
        `seccomp=${file('b.json', '{"defaultAction":"NO"}')}`,
        'host',
        'true',
      ],
      says: /defaultAction/u,
    },
    {
      title: 'a folder as environment file',
      args: [...run, '--env-file', bench.folder, 'host', 'true'],
      says: /director|file/u,
    },
    {
      title: 'a blank in a variable’s name',
      args: [...run, '--env-file', file('env', 'a b=1\n'), 'host', 'true'],
      says: /a b=1/u,
    },
    {
      title: 'a volume that is a file where a folder is',
      args: [...run, '-v', '/etc/passwd:/etc', 'host', 'true'],
      says: /folder/u,
    },
  ])
})

t.test('archives', async (t) => {
  const tar = file('part/oci-layout', '{"imageLayoutVersion":"1.0.0"}')
  const cut = file('cut.tar', readFileSync('/bin/true').subarray(0, 700))
  const rows: readonly (readonly [title: string, path: string, says: RegExp])[] = [
    ['missing', '/dev/null/x', /\/dev\/null\/x/u],
    ['empty', file('empty.tar', ''), /empty\.tar/u],
    ['no archive', cut, /archive|tar/u],
    ['a folder that is no layout', join(tar, '..'), /index\.json/u],
  ]
  for (const [title, path, says] of rows) {
    const { status, stderr } = spawnSync(imageCommand, ['load', '-i', path], {
      env: { ...process.env, MYCONTAINER_ROOT: bench.root },
      encoding: 'utf8',
    })
    t.equal(status, 125, `${title}: exit code`)
    t.match(stderr, says, `${title}: says what`)
    t.equal(stderr.trimEnd().split('\n').length, 1, `${title}: in one line`)
    t.strictSame(readdirSync(join(bench.root, 'data/tmp')), [], `${title}: nothing half unpacked`)
  }
})

t.test('exec and update', async (t) => {
  const id = await bench.ok(
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'runs',
    'host',
    'sleep',
    '1000',
  )
  const rows: readonly (readonly [
    title: string,
    args: readonly string[],
    exitCode: number,
    says: RegExp,
  ])[] = [
    ['no such program', ['exec', 'runs', '/nosuch'], 127, /\/nosuch/u],
    ['a program without a name', ['exec', 'runs', ''], 127, /empty/u],
    ['not executable', ['exec', 'runs', '/etc/passwd'], 126, /no execute permission/u],
    ['no such user', ['exec', '-u', 'nosuch', 'runs', 'true'], 125, /nosuch/u],
    ['no such working folder', ['exec', '-w', '/nosuch', 'runs', 'true'], 125, /working folder/u],
    ['no program', ['exec', 'runs'], 125, /at least 2 arguments/u],
    ['update of nothing', ['update', 'runs'], 125, /at least one/u],
    ['update of a wrong value', ['update', '-m', 'abc', 'runs'], 125, /size/u],
    [
      'a name in use',
      ['run', '--rm', '--name', 'runs', 'host', 'true'],
      125,
      /name "runs".*Remove or rename/u,
    ],
    ['no such column', ['top', 'runs', 'bogus'], 125, /bogus.*pid/u],
    ['no such signal', ['kill', '-s', 'FOO', 'runs'], 125, /FOO/u],
  ]
  for (const [title, args, exitCode, says] of rows) {
    const result = await bench.run(...args)
    t.equal(result.exitCode, exitCode, `${title}: exit code`)
    t.match(result.stderr, says, `${title}: says what`)
  }
  t.equal(await bench.ok('top', 'runs', '-o', 'comm'), 'COMMAND\nsleep', 'nothing of it is left')
  t.equal(await bench.inspect('runs', '.Id'), id)
  await bench.ok('rm', '-f', '-t', '0', 'runs')
  t.strictSame(leftovers(bench.root), [])
})

t.test('what is taken or missing', { timeout: 120_000 }, async (t) => {
  const noSuch = /no such container: nosuch/u
  await testBadRows(t, [
    { title: 'exec: no such container', args: ['exec', 'nosuch', 'true'], says: noSuch },
  ])
  for (const command of [
    'start',
    'stop',
    'kill',
    'rm',
    'logs',
    'inspect',
    'pause',
    'top',
    'port',
    'wait',
    'restart',
    'attach',
    'diff',
  ]) {
    const { exitCode, stderr } = await bench.run(command, 'nosuch')
    t.ok([1, 125].includes(exitCode), `${command}: exit code`, { exitCode })
    t.match(stderr, /^mycontainer: .*nosuch.*\n$/u, `${command}: says which`)
  }
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await testBadRows(t, [
    {
      title: 'a port of the host’s',
      args: ['run', '--rm', '-p', `${port}:80`, 'host', 'true'],
      says: /already in use/u,
    },
    {
      title: 'too little memory',
      args: [...run, '-m', '4k', 'host', 'true'],
      says: /memory.*too low.*-m/u,
    },
  ])
  server.close()
  await bench.ok('create', '--name', 'taken', 'host', 'true')
  for (const [title, args, code] of [
    ['a name in use', [...run, '--name', 'taken', 'host', 'true'], 125],
    ['exec where nothing runs', ['exec', 'taken', 'true'], 125],
    ['pause where nothing runs', ['pause', 'taken'], 125],
    ['kill where nothing runs', ['kill', 'taken'], 125],
  ] as const) {
    const { exitCode, stderr } = await bench.run(...args)
    t.ok(exitCode === code || exitCode === 1, title, { exitCode })
    t.match(stderr, /^mycontainer: .*taken.*\n$/u, `${title}: says which`)
  }
  await bench.ok('rm', 'taken')
  t.match(await bench.run('volume', 'create', '-d', 'nfs', 'v'), {
    exitCode: 125,
    stderr: /driver/u,
  })
  t.strictSame(leftovers(bench.root), [])
})

t.test('a failed start of a container that stays', async (t) => {
  const { exitCode } = await bench.run(
    'run',
    '--network',
    'none',
    '--name',
    'stays',
    'host',
    '/no/such',
  )
  t.equal(exitCode, 127)
  t.match(await bench.inspect('stays', '.State.Error'), /\/no\/such/u, 'the reason is kept')
  t.equal(await bench.inspect('stays', '.State.ExitCode'), 127)
  t.equal((await bench.run('start', '-a', 'stays')).exitCode, 127, 'and told again')
  await bench.ok('rm', 'stays')
  t.strictSame(leftovers(bench.root), [])
})
