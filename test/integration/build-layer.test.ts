import { mkdirSync, openSync, closeSync, fstatSync, cpSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { excludeRules } from '../../rootfs/build/ignore-rules.ts'
import { openLayersSource } from '../../rootfs/build-steps/open-source.ts'
import { outputTar } from '../../rootfs/build-steps/output-tar.ts'
import { digestSources } from '../../rootfs/build-steps/digest-sources.ts'
import { selectSources } from '../../rootfs/build-steps/select-sources.ts'
import { unpackLayer } from '../../rootfs/layer/unpack-layer.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { readPieces } from '../../rootfs/store/blob-source.ts'
import { blobPath } from '../../rootfs/store/store-folders.ts'
import { type StepBench, stepBench } from './build-step-bench.ts'
import { describeTree } from './file-tree.ts'

// From a step's folder to a layer: what is here must be what everybody else unpacks.

/** Unpack the tar of the top layer again, over the same layers, and compare the merged trees. */
async function requireSameUnpacked(
  t: Parameters<typeof stepBench>[0],
  bench: StepBench,
  digest: string,
): Promise<void> {
  const folder = join(bench.base, `again-${digest.slice(7, 19)}`)
  mkdirSync(folder)
  const below = bench.layers.slice(0, -1)
  const file = openSync(blobPath(bench.lease.folders, digest), 'r')
  try {
    const source = { descriptor: file, offset: 0, size: fstatSync(file).size }
    const { diffId } = await unpackLayer({
      input: readPieces(source),
      folder,
      lowerFolders: below,
      onNote: () => undefined,
    })
    t.equal(diffId, digest)
  } finally {
    closeSync(file)
  }
  using ours = openMergedRoot(bench.layers)
  using theirs = openMergedRoot([...below, folder])
  t.strictSame(
    describeTree(`/proc/self/fd/${ours.descriptor}/.`),
    describeTree(`/proc/self/fd/${theirs.descriptor}/.`),
  )
  const attributes = (root: number): unknown[] => {
    const { mode, uid, gid, mtimeMs } = fstatSync(root)
    return [mode, uid, gid, mtimeMs]
  }
  t.strictSame(attributes(ours.descriptor), attributes(theirs.descriptor), 'the root itself')
}

const steps: { name: string; script: string }[] = [
  {
    name: 'files and folders',
    script:
      'mkdir -p /a/b; echo 1 > /a/b/f; ln /a/b/f /a/h; ln -s f /a/b/l; chmod 4711 /a/b/f; chown 5:6 /a',
  },
  { name: 'removals', script: 'rm -r /bin/wget /root; mv /bin/ps /bin/ps2' },
  { name: 'a folder in place of a folder', script: 'rm -r /tmp; mkdir /tmp; echo 1 > /tmp/new' },
  {
    name: 'a file in place of a folder, and the reverse',
    script: 'rm -r /root; echo 1 > /root; rm /etc/group; mkdir /etc/group',
  },
  { name: 'a folder in place of a link', script: 'rm /bin/ls; mkdir /bin/ls; touch /bin/ls/x' },
  {
    name: 'a folder that was moved',
    script: 'mkdir /etc/x; echo 1 > /etc/x/y; mv /etc /etc2; cp -a /etc2/passwd /p',
  },
  {
    name: 'holes, a FIFO, times before 1970 and a name of two lines',
    script: `dd if=/dev/zero of=/hole bs=1 count=1 seek=5000000; busybox mkfifo /fifo; touch -d '1969-12-31 23:59:58' /old; touch "$(printf '/b\\303\\251\\nname')"`,
  },
  { name: 'the root itself', script: 'chmod 700 /; chown 7 /; touch /x' },
]
for (const { name, script } of steps)
  t.test(`the unpacked layer is what its tar unpacks to: ${name}`, async (t) => {
    const bench = await stepBench(t)
    const { exitCode, output, layer } = await bench.run(script)
    t.equal(exitCode, 0, output)
    await requireSameUnpacked(t, bench, layer?.digest ?? '')
  })

t.test('the same steps give the same layers, on any machine and at any time', async (t) => {
  const benches = [await stepBench(t), await stepBench(t)]
  const digests: (string | undefined)[][] = []
  for (const bench of benches) {
    bench.sh(
      'mkdir -p context/d/e; for n in b a c; do echo $n > context/d/$n; done; find context -exec touch -d @1600000000 {} +',
    )
    const copied = await bench.copy(['d'], '/x/y/')
    bench.layers.shift()
    bench.below.shift()
    const linked = await bench.copy(['d/a'], '/x/y/z', { link: true, chown: '5:6', chmod: '600' })
    digests.push([copied?.digest, linked?.digest])
  }
  t.strictSame(digests[0], digests[1])
})

t.test('COPY --link makes a layer that needs none below', async (t) => {
  const bench = await stepBench(t)
  bench.sh('echo f > context/f')
  await bench.step(({ upper }) => bench.sh(`mkdir ${upper}/real; ln -s real ${upper}/out`))
  await bench.copy(['f'], '/out/f', { link: true, chown: 'app' })
  t.strictSame(bench.top(), ['drwxr-xr-x 1000:1001 out', '-rw-r--r-- 1000:1001 out/f'])
})

t.test('COPY --from a stage keeps owners, setuid bits, links and capabilities', async (t) => {
  const bench = await stepBench(t)
  await bench.run(
    'mkdir -p /s/d; echo 1 > /s/f; ln /s/f /s/g; ln -s f /s/l; chown 5:6 /s/f /s/d; chmod 4755 /s/f; chmod 2750 /s/d; cp /bin/busybox /s/ping',
  )
  bench.sh(`setcap cap_net_raw+ep '${bench.layers.at(-1)}/s/ping'`)
  using source = openLayersSource(bench.layers, 'a stage')
  await bench.copy(['/s'], '/t/', { source })
  t.strictSame(bench.top(), [
    'drwxr-xr-x 0:0 t',
    'drwxr-s--- 5:6 t/d',
    '-rwsr-xr-x 5:6 t/f',
    '-rwsr-xr-x 5:6 t/g',
    'lrwxrwxrwx 0:0 t/l f',
    '-rwxr-xr-x 0:0 t/ping',
  ])
  t.match(bench.sh(`getcap '${bench.layers.at(-1)}/t/ping'`), /cap_net_raw/)
  t.equal(bench.sh(`stat -c %h '${bench.layers.at(-1)}/t/f'`), '2\n')
  await bench.copy(['/s/f'], '/u', { source, chown: '9', chmod: 'a-s' })
  t.strictSame(bench.top(), ['-rwxr-xr-x 9:9 u'])
})

t.test('COPY --parents and --exclude', async (t) => {
  const bench = await stepBench(t)
  bench.sh(
    'mkdir -p context/x/a/b context/x/c; chmod 700 context/x/a; for f in x/a/1.txt x/a/b/2.txt x/c/3.txt x/c/4.md; do echo > context/$f; done',
  )
  await bench.copy(['./x/a/b/2.txt', 'x/./c'], '/p/', { parents: true })
  t.strictSame(bench.top(), [
    'drwxr-xr-x 0:0 p',
    'drwxr-xr-x 0:0 p/c',
    '-rw-r--r-- 0:0 p/c/3.txt',
    '-rw-r--r-- 0:0 p/c/4.md',
    'drwxr-xr-x 0:0 p/x',
    'drwx------ 0:0 p/x/a',
    'drwxr-xr-x 0:0 p/x/a/b',
    '-rw-r--r-- 0:0 p/x/a/b/2.txt',
  ])
  await bench.copy(['x'], '/e', { excludes: excludeRules(['**/*.txt', '!a/1.txt']) })
  t.strictSame(bench.top(), [
    'drwxr-xr-x 0:0 e',
    'drwx------ 0:0 e/a',
    '-rw-r--r-- 0:0 e/a/1.txt',
    'drwxr-xr-x 0:0 e/a/b',
    'drwxr-xr-x 0:0 e/c',
    '-rw-r--r-- 0:0 e/c/4.md',
  ])
})

t.test('a digest tells what would be copied, and not when it was written', async (t) => {
  const bench = await stepBench(t)
  bench.sh('mkdir context/d; echo 1 > context/d/f; ln -s f context/d/l')
  const digest = (): string => {
    using source = openLayersSource([bench.context], 'a folder')
    return digestSources(
      { ...source, keepsOwners: false },
      selectSources(source, { patterns: ['d'], parents: false }),
    )
  }
  const first = digest()
  cpSync(join(bench.context, 'd/f'), join(bench.context, 'other'))
  utimesSync(join(bench.context, 'd/f'), 1, 1)
  t.equal(digest(), first)
  for (const change of [
    'chmod 600 d/f',
    'ln -sf g d/l',
    'echo 2 > d/f',
    'mv d/f d/g',
    'mkdir d/empty',
    'setcap cap_net_raw+ep d/g',
  ]) {
    const before = digest()
    bench.sh(`cd context; ${change}`)
    t.not(digest(), before, change)
  }
})

t.test('the whole result as a tar is the merged tree', async (t) => {
  const bench = await stepBench(t)
  await bench.run('rm /bin/wget; echo 1 > /new')
  const pieces = [...outputTar(bench.layers, { epoch: 1_700_000_000, onNote: () => undefined })]
  const folder = join(bench.base, 'again')
  mkdirSync(folder)
  await unpackLayer({ input: pieces, folder, lowerFolders: [], onNote: () => undefined })
  t.equal(bench.sh('cat again/new; ls again/bin/wget 2>&1 || true').split('\n')[0], '1')
  t.match(bench.sh('ls again/bin/wget 2>&1 || true'), /No such file/)
  t.equal(bench.sh('stat -c %Y again/new'), '1700000000\n')
})

t.test('several files need a folder to go to', async (t) => {
  const bench = await stepBench(t)
  bench.sh('echo a > context/a.txt; echo b > context/b.txt; mkdir context/d; echo c > context/d/c')
  for (const [operands, destination] of [
    [['a.txt', 'b.txt'], '/x'],
    [['*.txt'], '/x'],
    [['*.txt'], '/bin/sh'],
    [['*'], '/x'],
  ] as const)
    await t.rejects(bench.copy(operands, destination), { code: 'INVALID_ARGUMENT' })
  await bench.copy(['*.txt'], '/tmp')
  t.strictSame(
    bench.top().map((line) => line.split(' ')[2]),
    ['tmp', 'tmp/a.txt', 'tmp/b.txt'],
  )
  await bench.copy(['d*'], '/x')
  t.strictSame(
    bench.top().map((line) => line.split(' ')[2]),
    ['x', 'x/c'],
  )
})
