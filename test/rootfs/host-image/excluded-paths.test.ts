import t from 'tap'
import { excludedBy } from '../../../rootfs/host-image/excluded-paths.ts'

const rows = [
  ['nothing is asked for', [], '/usr/bin/x', false],
  ['the path itself', ['/usr/bin/x'], '/usr/bin/x', true],
  ['another path', ['/usr/bin/x'], '/usr/bin/xy', false],
  ['below a folder', ['/usr/lib/*/bitcode'], '/usr/lib/15/bitcode/a/b', true],
  ['a star is one name', ['/usr/*/bitcode'], '/usr/lib/15/bitcode', false],
  ['two stars are any depth', ['**/man'], '/usr/share/x/man/man1/x.1', true],
  ['the second of two', ['/a', '/b*'], '/bc', true],
] as const

for (const [title, globs, path, wanted] of rows)
  t.test(title, async (t) => {
    const isExcluded = excludedBy(globs)
    t.equal(isExcluded(path), wanted)
    t.equal(isExcluded(path), wanted, 'asked again')
  })
