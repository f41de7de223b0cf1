import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildTar } from '../rootfs/layer/tar-builder.ts'
import { imageBench } from './image-command.ts'

t.test('a full disk refuses an image in one line and keeps the others', async (t) => {
  const { base, myimage, fails } = imageBench(t)
  const state = join(base, 'state')
  mkdirSync(state)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', state])
  t.teardown(() => execFileSync('umount', [state]))
  const at = (name: string): string => join(base, name)
  writeFileSync(at('small.tar'), buildTar([{ name: 'f', content: 'small' }]))
  // The blob alone, the blob and the files, very many files: each runs into the end elsewhere.
  const large: Record<string, Buffer> = {
    blob: buildTar([{ name: 'f', content: randomBytes(20_000_000) }]),
    files: buildTar([{ name: 'f', content: randomBytes(10_000_000) }]),
    many: buildTar(
      Array.from({ length: 6000 }, (_, n) => ({ name: `f${n}`, content: 'x'.repeat(999) })),
    ),
  }
  myimage('import', at('small.tar'), 'localhost/small:1')
  for (const [name, content] of Object.entries(large)) {
    writeFileSync(at('large.tar'), content)
    const { status, stderr } = fails('import', at('large.tar'), 'localhost/large:1')
    t.equal(status, 125, name)
    t.match(stderr, /^myimage: .*errno=ENOSPC.*The disk is full.*\n$/, name)
    myimage('prune')
    myimage('verify')
    t.equal(myimage('ls', '--format', '{{.Repository}}'), 'localhost/small', name)
    t.strictSame(readdirSync(join(state, 'data/tmp')), [], name)
  }
  writeFileSync(join(state, 'filler'), '')
  t.throws(() => writeFileSync(join(state, 'filler'), randomBytes(20_000_000)), { code: 'ENOSPC' })
  t.match(fails('tag', 'small:1', 'localhost/other:1'), { status: 125, stderr: /disk full/ })
  rmSync(join(state, 'filler'))
  myimage('tag', 'small:1', 'localhost/other:1')
})
