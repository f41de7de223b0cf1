import { execFileSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { OperationError } from '../../native/error.ts'
import { copyPlace } from '../../runtime/cli/commands/cp.ts'
import { copyFiles } from '../../runtime/container/copy.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import { isSystemError } from '../../native/system-error.ts'
import { commandBench, runCommand } from './command-line.ts'

t.setTimeout(180_000)
const bench = commandBench(t)
const { ok, run, folder } = bench
const loop = 'while :; do sleep 1000 & wait; done'

/** A folder of ours with one of everything. */
function makeSource(name: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, 'sub'), { recursive: true })
  writeFileSync(join(path, 'file'), 'text\n', { mode: 0o640 })
  linkSync(join(path, 'file'), join(path, 'hard'))
  symlinkSync('file', join(path, 'link'))
  symlinkSync('/etc/passwd', join(path, 'absolute'))
  writeFileSync(join(path, 'sparse'), 'x')
  truncateSync(join(path, 'sparse'), 64 * 1024 * 1024)
  writeFileSync(join(path, 'sub/ümläut name'), '')
  execFileSync('mkfifo', [join(path, 'fifo')])
  chownSync(join(path, 'file'), 1000, 1001)
  utimesSync(join(path, 'file'), 1_000_000_000, 1_000_000_000.5)
  return path
}

async function runIdle(name: string, ...flags: string[]): Promise<void> {
  await ok(
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    ...flags,
    'host',
    '/bin/sh',
    '-c',
    loop,
  )
}

const source = makeSource('source')

for (const state of ['running', 'stopped'] as const)
  t.test(`a ${state} container`, async (t) => {
    const name = `c-${state}`
    await runIdle(name, '-v', `${name}:/volume`)
    await ok(
      'exec',
      name,
      '/bin/sh',
      '-c',
      'mkdir -p /d/deep; echo inside > /d/f; ln -s f /d/s; ln -s /d /abs; touch /plain',
    )
    if (state === 'stopped') await ok('stop', '-t', '0', name)

    await t.test('there and back: kinds, modes, times, links and holes stay', async (t) => {
      await ok('cp', source, `${name}:/there`)
      const back = join(folder, `back-${state}`)
      await ok('cp', `${name}:/there`, back)
      t.same(readdirSync(back).toSorted(), readdirSync(source).toSorted())
      const file = lstatSync(join(back, 'file'))
      t.match(file, { mode: 0o100640, mtimeMs: 1_000_000_000_500, nlink: 2, uid: 0, gid: 0 })
      t.equal(file.ino, lstatSync(join(back, 'hard')).ino)
      t.ok(lstatSync(join(back, 'link')).isSymbolicLink())
      t.ok(lstatSync(join(back, 'absolute')).isSymbolicLink())
      t.ok(lstatSync(join(back, 'fifo')).isFIFO())
      t.ok(existsSync(join(back, 'sub/ümläut name')))
      const sparse = lstatSync(join(back, 'sparse'))
      t.equal(sparse.size, 64 * 1024 * 1024)
      t.ok(sparse.blocks * 512 < 1024 * 1024, 'holes stay holes')
    })

    await t.test('--archive keeps owners both ways', async (t) => {
      await ok('cp', '-a', join(source, 'file'), `${name}:/owned`)
      const back = join(folder, `owned-${state}`)
      await ok('cp', '-a', `${name}:/owned`, back)
      t.match(statSync(back), { uid: 1000, gid: 1001 })
      await ok('cp', `${name}:/owned`, back)
      t.match(statSync(back), { uid: process.getuid?.(), gid: process.getgid?.() })
    })

    await t.test('an absolute link of the container leads inside', async (t) => {
      await ok('cp', join(source, 'file'), `${name}:/abs/by-link`)
      const back = join(folder, `by-link-${state}`)
      await ok('cp', `${name}:/d/by-link`, back)
      t.equal(readFileSync(back, 'utf8'), 'text\n')
    })

    await t.test('--follow-link copies the target under the name of the link', async (t) => {
      const into = join(folder, `followed-${state}`)
      mkdirSync(into)
      await ok('cp', '-L', `${name}:/d/s`, into)
      t.equal(readFileSync(join(into, 's'), 'utf8'), 'inside\n')
      await ok('cp', '-L', join(source, 'link'), `${name}:/d/deep`)
      t.equal(archivedFile(`${name}:/d/deep/link`), '-rw-r----- link')
    })

    await t.test('a name that is no ASCII stays what it is', async (t) => {
      const into = join(folder, `named-${state}`)
      mkdirSync(into)
      await ok('cp', join(source, 'sub/ümläut name'), `${name}:/d`)
      await ok('cp', `${name}:/d/ümläut name`, into)
      t.same(readdirSync(into), ['ümläut name'])
    })

    await t.test('a volume is reached', async (t) => {
      await ok('cp', join(source, 'file'), `${name}:/volume/`)
      const mountpoint = await ok('volume', 'inspect', '-f', '{{.Mountpoint}}', name)
      t.equal(readFileSync(join(mountpoint, 'file'), 'utf8'), 'text\n')
      const back = join(folder, `volume-${state}`)
      await ok('cp', `${name}:/volume/.`, back)
      t.same(readdirSync(back), ['file'])
    })

    await t.test('archives both ways keep owners', async (t) => {
      const archive = execFileSync('tar', [
        '-C',
        source,
        '--numeric-owner',
        '-c',
        'file',
        'hard',
        'sub',
      ])
      const taken = await runCommand(['cp', '-', `${name}:/d`], {
        root: bench.root,
        input: archive,
      })
      t.match(taken, { exitCode: 0, stderr: '' })
      const fetched = join(folder, `archive-${state}.tar`)
      execFileSync('/bin/sh', ['-c', `"$0" cp ${name}:/d - > ${fetched}`, commandFile()], {
        env: env(),
      })
      const list = execFileSync('tar', ['--numeric-owner', '-tvf', fetched], { encoding: 'utf8' })
      t.match(list, /1000\/1001 .* d\/file\n/)
      t.match(list, /d\/hard link to d\/file/)
    })

    const refused = [
      { title: 'a folder onto a file', from: source, to: `${name}:/plain` },
      { title: 'a file into a missing folder', from: join(source, 'file'), to: `${name}:/none/` },
      { title: 'below a missing folder', from: join(source, 'file'), to: `${name}:/none/x` },
      { title: 'a source that is not there', from: `${name}:/none`, to: folder },
      {
        title: 'a file of the host that is not there',
        from: join(folder, 'none'),
        to: `${name}:/d`,
      },
      { title: 'a file as a folder', from: `${name}:/plain/`, to: folder },
      { title: 'between two containers', from: `${name}:/plain`, to: `${name}:/d` },
    ]
    for (const { title, from, to } of refused)
      await t.test(`refuses ${title}`, async (t) => {
        const { exitCode, stderr } = await run('cp', from, to)
        t.not(exitCode, 0)
        t.equal(stderr.trimEnd().split('\n').length, 1, 'one line')
      })
  })

async function tryCopy(context: EngineContext, from: string, to: string): Promise<void> {
  const places = { from: copyPlace(from, folder), to: copyPlace(to, folder) }
  const silent = { write: () => true }
  const io = { stdin: Readable.from([]), stdout: silent, stderr: silent }
  try {
    await copyFiles(context, { ...places, archive: false, followLink: false }, io)
  } catch (error) {
    // What was there a moment ago need not be there now; anything else is a defect.
    if (!(error instanceof OperationError) && !isSystemError(error, 'ENOENT')) throw error
  }
}

/** Mode and name of what `cp PLACE -` gives. */
function archivedFile(place: string): string {
  const script = `"$0" cp ${place} - | tar -tvf - | awk '{print $1, $NF}'`
  return execFileSync('/bin/sh', ['-c', script, commandFile()], {
    env: env(),
    encoding: 'utf8',
  }).trim()
}

function commandFile(): string {
  return join(import.meta.dirname, '../../bin/mycontainer')
}

function env(): NodeJS.ProcessEnv {
  return { ...process.env, MYCONTAINER_ROOT: bench.root }
}

t.test('a folder does not give way to a file, nor a file to a folder', async (t) => {
  await ok('create', '--name', 'kinds', 'host', '/bin/true')
  const one = join(folder, 'kinds-one')
  const other = join(folder, 'kinds-other')
  mkdirSync(join(one, 'x'), { recursive: true })
  mkdirSync(other)
  writeFileSync(join(other, 'x'), '')
  await ok('cp', one, 'kinds:/k')
  t.match(await run('cp', `${other}/.`, 'kinds:/k'), { exitCode: 1 })
  await ok('cp', other, 'kinds:/k2')
  t.match(await run('cp', `${one}/.`, 'kinds:/k2'), { exitCode: 1 })
})

t.test('a read-only root or volume of a stopped container stays as it is', async (t) => {
  await ok('create', '--name', 'ro', '--read-only', '-v', 'ro-volume:/v:ro', 'host', '/bin/true')
  t.match(await run('cp', join(source, 'file'), 'ro:/f'), { exitCode: 1 })
  t.match(await run('cp', join(source, 'file'), 'ro:/v/f'), { exitCode: 1 })
})

t.test('a user namespace: copies belong to its root, on volumes and a tmpfs too', async (t) => {
  const mounts = ['-v', 'mapped:/volume', '--tmpfs', '/scratch']
  await runIdle('mapped', '--userns', 'auto', ...mounts)
  for (const into of ['/var', '/volume', '/scratch']) {
    await ok('cp', source, `mapped:${into}/`)
    await ok('cp', '-a', join(source, 'file'), `mapped:${into}/archived`)
    const list = 'stat -c "%u:%g %n" source/file source/hard source/sub archived | tr "\\n" ";"'
    t.equal(
      await ok('exec', 'mapped', '/bin/sh', '-c', `cd ${into}; ${list}`),
      '0:0 source/file;0:0 source/hard;0:0 source/sub;1000:1001 archived;',
    )
  }
  await ok('cp', '-a', 'mapped:/volume/archived', join(folder, 'unmapped'))
  t.match(statSync(join(folder, 'unmapped')), { uid: 1000, gid: 1001 })
  await ok('stop', '-t', '0', 'mapped')
  t.match(await run('cp', source, 'mapped:/late'), { exitCode: 1 }, 'not into its bare layers')
})

// CVE-2018-15664, CVE-2019-10152, CVE-2026-41567, CVE-2026-42306
t.test('a container that swaps folders for links leads no copy out of its root', async (t) => {
  const outside = join(folder, 'outside')
  mkdirSync(join(outside, 'd'), { recursive: true })
  writeFileSync(join(outside, 'd/secret'), 'of the host')
  // The same path inside holds another secret, so that a link to it is no dead end there.
  await runIdle('racer')
  await ok(
    'exec',
    'racer',
    '/bin/sh',
    '-c',
    `mkdir -p /w/d ${outside}/d; echo inner > /w/d/secret; echo inner > ${outside}/d/secret`,
  )
  const swap = `cd /w; while :; do mv d e; ln -s ${outside}/d d; rm d; ln -s ../../../../../..${outside}/d d; rm d; mv e d; done`
  await ok('exec', '-d', 'racer', '/bin/sh', '-c', swap)
  // Not by the command line: what counts is how often the two meet.
  const context = openContext(bench.root, {})
  const deadline = performance.now() + 4000
  let reads = 0
  for (let round = 0; performance.now() < deadline; round++) {
    const back = join(folder, `race-${round}`)
    await tryCopy(context, 'racer:/w/d/secret', back)
    if (lstatSync(back, { throwIfNoEntry: false })?.isFile()) {
      reads++
      if (readFileSync(back, 'utf8') !== 'inner\n') t.fail('only files of the container are read')
    }
    await tryCopy(context, join(source, 'file'), 'racer:/w/d/written')
    await tryCopy(context, join(source, 'sub'), 'racer:/w/d/')
  }
  t.ok(reads > 0, 'some copies came about')
  t.same(readdirSync(join(outside, 'd')), ['secret'], 'nothing is written outside')
  t.equal(readFileSync(join(outside, 'd/secret'), 'utf8'), 'of the host')
})
