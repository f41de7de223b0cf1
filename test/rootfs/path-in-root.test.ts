import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openInRoot, openRoot } from '../../rootfs/path-in-root.ts'

t.test('opens inside the root only', async (t) => {
  const base = mkdtempSync(join(tmpdir(), 'in-root-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const folder = join(base, 'root')
  mkdirSync(join(folder, 'run'), { recursive: true })
  mkdirSync(join(folder, 'var'))
  writeFileSync(join(folder, 'run/file'), 'inside')
  writeFileSync(join(base, 'secret'), 'outside')
  symlinkSync('/run', join(folder, 'var/run'))
  symlinkSync('../../../secret', join(folder, 'climb'))
  symlinkSync('/proc/self/root', join(folder, 'magic'))
  using root = openRoot(folder)
  const descriptor = openInRoot(root.descriptor, '/var/run/file')
  t.equal(readFileSync(descriptor, 'utf8'), 'inside', 'absolute links work, inside')
  closeSync(descriptor)
  for (const path of [
    'climb',
    '../secret',
    '/../../secret',
    'magic/etc/passwd',
    join(base, 'secret'),
  ])
    t.throws(() => openInRoot(root.descriptor, path), { code: 'SYSCALL_FAILED' }, path)
})
