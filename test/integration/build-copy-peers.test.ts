import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { CopyRequest } from '../../rootfs/build-steps/copy-request.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { stepBench } from './build-step-bench.ts'
import { describeForPeers } from './describe-for-peers.ts'

// The same COPY and ADD by buildah and by us, on the same image and context: the same files, modes,
// owners, links, capabilities and content; times where the context has set them.

const makeContext = `
umask 022
mkdir -p context/dir/sub/deep context/dir/empty context/perm; cd context
echo a > a.txt; echo b > b.txt; echo c > dir/c.txt; echo d > dir/sub/d.md; echo e > dir/sub/deep/e.txt
ln -s c.txt dir/link; ln -s sub dir/dlink; ln -s dir topdlink; ln -s a.txt toplink; ln dir/c.txt dir/hard
chown -R 33:44 dir/sub; chmod 640 b.txt; chmod 4755 a.txt; chmod 750 dir; chmod 1777 dir/empty; chmod 700 perm
echo s > perm/s; echo x > 'sp ace.txt'; setcap cap_net_raw+ep b.txt
find . -exec touch -h -d 2001-02-03T04:05:06Z {} +
tar czf ar.tgz dir; tar cJf ar.txz perm; tar cjf ar.tbz perm; tar cf ar.tar perm; gzip -k < b.txt > b.gz
`
const makeRoot = `
mkdir -p base/etc base/real base/exist/sub; cd base
echo 'root:x:0:0::/:/bin/sh
app:x:1000:1001::/:/bin/sh' > etc/passwd
echo 'root:x:0:
grp:x:77:' > etc/group
ln -s /real lnk; ln -s ../../../../real rlnk; ln -s /nowhere/deep dangling
echo old > exist/a.txt; chmod 711 exist; chown 9:9 exist exist/sub
find . -exec touch -h -d 2010-01-01T00:00:00Z {} +
`

interface Row extends Partial<CopyRequest> {
  readonly instruction: string
  readonly from?: readonly string[]
  readonly to?: string
}

/** Sources and destination are read from the instruction where nothing else is said. */
const rows: Row[] = [
  { instruction: 'COPY b.txt /x' },
  { instruction: 'COPY a.txt /x/' },
  { instruction: 'COPY a.txt /x/y/z' },
  { instruction: 'COPY a.txt b.txt /x/' },
  { instruction: 'COPY dir /x' },
  { instruction: 'COPY dir/ /exist' },
  { instruction: 'COPY dir/. /exist/' },
  { instruction: 'COPY . /all' },
  { instruction: 'COPY dir/* /x/' },
  { instruction: 'COPY ?.txt /x/' },
  { instruction: 'COPY [ab].txt /x/' },
  { instruction: 'COPY toplink /x/' },
  { instruction: 'COPY topdlink /x' },
  { instruction: 'COPY dir/link dir/dlink /x/' },
  { instruction: 'COPY a.txt /lnk' },
  { instruction: 'COPY a.txt /rlnk/q' },
  { instruction: 'COPY a.txt /dangling/' },
  { instruction: 'COPY dir /lnk' },
  { instruction: 'COPY a.txt /exist' },
  { instruction: 'COPY --chown=app a.txt /p/q/', chown: 'app' },
  { instruction: 'COPY --chown=app:grp dir /p/q', chown: 'app:grp' },
  { instruction: 'COPY --chown=5:6 dir /exist', chown: '5:6' },
  { instruction: 'COPY --chown=app dir/sub /exist/sub', chown: 'app' },
  { instruction: 'COPY --chmod=755 dir /x', chmod: '755' },
  { instruction: 'COPY --chmod=600 a.txt /p/q/', chmod: '600' },
  { instruction: 'ADD ar.tgz /x', unpack: true },
  { instruction: 'ADD ar.txz ar.tbz /x/', unpack: true },
  { instruction: 'ADD ar.tar /exist', unpack: true },
  { instruction: 'ADD b.gz /x/', unpack: true },
  { instruction: 'ADD --chown=5:6 ar.tgz /p/q/', unpack: true, chown: '5:6' },
  { instruction: 'COPY ar.tgz /x/' },
  { instruction: 'COPY ["sp ace.txt", "/x/"]', from: ['sp ace.txt'], to: '/x/' },
  { instruction: 'COPY dir .', to: '/./' },
  { instruction: 'COPY dir/c.txt dir/hard /x/' },
  { instruction: 'COPY a.txt nomatch* /x/' },
  { instruction: 'COPY nomatch* /x/' },
  { instruction: 'COPY missing /x/' },
  { instruction: 'COPY dir /exist/a.txt' },
]

function storageFlags(base: string): string[] {
  const folders = ['--root', join(base, 'peer'), '--runroot', join(base, 'peer-run')]
  return [...folders, '--storage-driver', 'overlay']
}

function buildByBuildah(base: string, instruction: string): Record<string, string> | undefined {
  const out = join(base, 'theirs')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  writeFileSync(join(base, 'Dockerfile'), `FROM scratch\nADD base.tar /\n${instruction}\n`)
  const storage = storageFlags(base)
  const words = ['bud', '-q', '--layers', '--isolation', 'chroot', '--network', 'host', '-t', 'x']
  const file = ['-f', join(base, 'Dockerfile')]
  const built = spawnSync('buildah', [...storage, ...words, ...file, join(base, 'context')])
  if (built.status !== 0) return undefined
  const container = execFileSync('buildah', [...storage, 'from', '--pull-never', 'localhost/x'], {
    encoding: 'utf8',
  }).trim()
  const mounted = execFileSync('buildah', [...storage, 'mount', container], {
    encoding: 'utf8',
  }).trim()
  const files = describeForPeers(mounted)
  execFileSync('buildah', [...storage, 'rm', container], { stdio: 'ignore' })
  return files
}

t.setTimeout(300_000)

t.test('as buildah', { timeout: 300_000 }, async (t) => {
  const bench = await stepBench(t)
  const base = mkdtempSync(join(tmpdir(), 'peer-'))
  t.teardown(() => {
    // Builds that failed leave their containers mounted, and the storage its folder over itself.
    spawnSync('buildah', [...storageFlags(base), 'rm', '--all'])
    spawnSync('umount', [join(base, 'peer/overlay')])
    rmSync(base, { recursive: true, force: true })
  })
  execFileSync('sh', ['-ec', makeContext], { cwd: base, stdio: 'pipe' })
  execFileSync('sh', ['-ec', makeRoot], { cwd: base, stdio: 'pipe' })
  execFileSync(
    'sh',
    [
      '-ec',
      'cp base.tar context/ 2>/dev/null || tar -C base -cf context/base.tar .; cp -a context/. "$0"',
      bench.context,
    ],
    { cwd: base },
  )
  bench.layers.length = 0
  bench.below.length = 0
  await bench.copy(['base.tar'], '/', { unpack: true })
  for (const name of [join(base, 'context'), bench.context])
    writeFileSync(join(name, '.dockerignore'), '')
  const [bottom = ''] = bench.layers
  const [chain = ''] = bench.below
  for (const { instruction, from, to, ...options } of rows)
    await t.test(instruction, async (t) => {
      const words = instruction
        .split(' ')
        .filter((word) => !word.startsWith('--'))
        .slice(1)
      const theirs = buildByBuildah(base, instruction)
      bench.layers.splice(0, Infinity, bottom)
      bench.below.splice(0, Infinity, chain)
      const copied = bench.copy(from ?? words.slice(0, -1), to ?? words.at(-1) ?? '', options)
      if (!theirs) {
        await t.rejects(copied)
        return
      }
      await copied
      using merged = openMergedRoot(bench.layers)
      const ours = describeForPeers(`/proc/self/fd/${merged.descriptor}/.`)
      t.strictSame(ours, theirs)
    })
})
