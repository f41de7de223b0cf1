import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { setAttributeOfPath } from '../../native/xattr.ts'
import { diffLayer } from '../../rootfs/layer/diff-layer.ts'
import { unpackLayer } from '../../rootfs/layer/unpack-layer.ts'
import { describeTree } from './file-tree.ts'

// A real overlay is changed in every way, its upper folder becomes a layer, and that layer on the
// same lower folder must give the same tree.

const makeLower = `
mkdir -p lower/keep lower/gone/deep lower/again lower/meta lower/swap
echo a > lower/keep/a; echo b > lower/keep/b; echo c > lower/gone/deep/c
echo old > lower/again/old; echo x > lower/meta/f; echo s > lower/swap/s; echo z > lower/file
ln -s keep/a lower/link
`
const change = `
rm merged/keep/a; rm -r merged/gone
rm -r merged/again; mkdir merged/again; echo new > merged/again/new
chmod 2750 merged/meta; chown 12:34 merged/meta/f; chmod 4711 merged/meta/f
rm -r merged/swap; echo now-a-file > merged/swap; rm merged/file; mkdir -m 700 merged/file
mkdir merged/new; echo h > merged/new/h; ln merged/new/h merged/new/h2; ln merged/new/h merged/h3
mkfifo -m 640 merged/new/fifo; mknod -m 600 merged/new/dev c 10 229; mknod merged/new/block b 7 99
ln -sfn nowhere merged/link; truncate -s 5M merged/new/sparse
dd if=/dev/urandom of=merged/new/sparse bs=1k count=3 seek=2000 conv=notrunc status=none
touch -d '1969-12-31 12:00:00.25' merged/new/dev; touch -d '2031-05-05 05:05:05.123456789' merged/keep/b
name=$(head -c 120 /dev/zero | tr '\\0' n); echo long > "merged/new/$name"
`

function overlay(t: Test): { base: string; upper: string; at: (name: string) => string } {
  const base = mkdtempSync(join(tmpdir(), 'diff-layer-'))
  const at = (name: string): string => join(base, name)
  t.teardown(() => {
    for (const name of ['merged', 'second'])
      execFileSync('sh', ['-c', `umount ${at(name)} 2>&1 || true`])
    rmSync(base, { recursive: true, force: true })
  })
  for (const name of ['upper', 'work', 'merged', 'second', 'layer']) mkdirSync(at(name))
  execFileSync('sh', ['-ec', makeLower], { cwd: base })
  const options = `lowerdir=${at('lower')},upperdir=${at('upper')},workdir=${at('work')}`
  execFileSync('mount', [
    '-t',
    'overlay',
    'overlay',
    '-o',
    `${options},redirect_dir=off`,
    at('merged'),
  ])
  return { base, upper: at('upper'), at }
}

t.test('the layer of an upper folder gives the same tree', async (t) => {
  const { base, upper, at } = overlay(t)
  execFileSync('sh', ['-ec', change], { cwd: base })
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
  setAttributeOfPath(at('merged/new/h'), 'security.capability', capability)
  setAttributeOfPath(at('merged/new'), 'user.note', Buffer.from('kept'))
  const pieces = [...diffLayer({ upper })]
  t.strictSame(Buffer.concat([...diffLayer({ upper })]), Buffer.concat(pieces), 'the same bytes')
  const folder = at('layer')
  await unpackLayer({
    input: pieces,
    folder,
    lowerFolders: [at('lower')],
    onNote: (n) => t.fail(n),
  })
  const options = `lowerdir=${folder}:${at('lower')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, at('second')])
  t.strictSame(describeTree(at('second')), describeTree(at('merged')))
  writeFileSync(at('layer.tar'), Buffer.concat(pieces))
  const listing = execFileSync('tar', ['-tvf', at('layer.tar')], { encoding: 'utf8' })
  t.match(listing, /keep\/\.wh\.a\n/)
  t.match(listing, /again\/\.wh\.\.wh\.\.opq\n/)
  t.match(listing, /h3 link to h3|new\/h link to h3|new\/h2 link to h3/)
  t.notMatch(listing, /overlay/)
})
