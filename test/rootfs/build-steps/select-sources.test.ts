import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { excludeRules } from '../../../rootfs/build/ignore-rules.ts'
import type { FileSource, IgnoreRules } from '../../../rootfs/build-steps/file-source.ts'
import { openContextSource } from '../../../rootfs/build-steps/open-source.ts'
import { selectSources } from '../../../rootfs/build-steps/select-sources.ts'

/** A context: paths that end with a slash are folders, "a -> b" is a link. */
function context(t: Test, paths: readonly string[], ignore?: IgnoreRules): FileSource {
  const folder = join(t.testdir({ context: {} }), 'context')
  for (const path of paths) {
    const [name = '', target] = path.split(' -> ')
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    if (target !== undefined) symlinkSync(target, join(folder, name))
    else if (name.endsWith('/')) mkdirSync(join(folder, name), { recursive: true })
    else writeFileSync(join(folder, name), name)
  }
  const source = openContextSource(folder, ignore)
  t.teardown(() => source.close())
  return source
}

const files = [
  'a.txt',
  'b.md',
  'dir/c.txt',
  'dir/sub/d.txt',
  'dir/sub/deep/e.md',
  'link -> dir',
  'up -> ../../etc',
  'abs -> /dir/sub',
  'x/y/z/f.txt',
]

const rows: {
  name: string
  pattern: string
  parents?: boolean
  exclude?: string[]
  want: string[]
}[] = [
  { name: 'a file', pattern: 'a.txt', want: ['a.txt:a.txt'] },
  { name: 'a leading slash changes nothing', pattern: '/a.txt', want: ['a.txt:a.txt'] },
  { name: 'dots in the middle', pattern: './dir/../a.txt', want: ['a.txt:a.txt'] },
  {
    name: 'a folder with all below, in byte order',
    pattern: 'dir',
    want: [
      'dir:dir',
      'dir:dir/c.txt',
      'dir:dir/sub',
      'dir:dir/sub/d.txt',
      'dir:dir/sub/deep',
      'dir:dir/sub/deep/e.md',
    ],
  },
  {
    name: 'a link is followed, and keeps its name',
    pattern: 'link/c.txt',
    want: ['c.txt:dir/c.txt'],
  },
  {
    name: 'an absolute link begins at the root of the context',
    pattern: 'abs/d.txt',
    want: ['d.txt:dir/sub/d.txt'],
  },
  { name: 'wildcards in folders', pattern: 'd*/s?b/*.txt', want: ['d.txt:dir/sub/d.txt'] },
  {
    name: 'two stars are one where parents are not kept',
    pattern: '**',
    want: [
      'a.txt:a.txt',
      'abs:dir/sub',
      'abs:dir/sub/d.txt',
      'abs:dir/sub/deep',
      'abs:dir/sub/deep/e.md',
      'b.md:b.md',
      ...['', '/c.txt', '/sub', '/sub/d.txt', '/sub/deep', '/sub/deep/e.md'].map(
        (path) => `dir:dir${path}`,
      ),
      ...['', '/c.txt', '/sub', '/sub/d.txt', '/sub/deep', '/sub/deep/e.md'].map(
        (path) => `link:dir${path}`,
      ),
      'x:x',
      'x:x/y',
      'x:x/y/z',
      'x:x/y/z/f.txt',
    ],
  },
  {
    name: 'with parents, all folders',
    pattern: 'x/y/z/f.txt',
    parents: true,
    want: ['f.txt:x/y/z/f.txt <x,x/y,x/y/z'],
  },
  {
    name: 'with parents, those after the pivot',
    pattern: 'x/./y/z/f.txt',
    parents: true,
    want: ['f.txt:x/y/z/f.txt <y,y/z'],
  },
  {
    name: 'with parents, two stars are any depth',
    pattern: './dir/**/*.txt',
    parents: true,
    want: ['c.txt:dir/c.txt <dir', 'd.txt:dir/sub/d.txt <dir,dir/sub'],
  },
  {
    name: 'files are excluded by what is below the match',
    pattern: 'dir',
    exclude: ['*.txt'],
    want: [
      'dir:dir',
      'dir:dir/sub',
      'dir:dir/sub/d.txt',
      'dir:dir/sub/deep',
      'dir:dir/sub/deep/e.md',
    ],
  },
  {
    name: 'at any depth',
    pattern: 'dir',
    exclude: ['**/*.txt'],
    want: ['dir:dir', 'dir:dir/sub', 'dir:dir/sub/deep', 'dir:dir/sub/deep/e.md'],
  },
  {
    name: 'a folder is excluded with all below',
    pattern: 'dir',
    exclude: ['sub'],
    want: ['dir:dir', 'dir:dir/c.txt'],
  },
  {
    name: 'matches of a wildcard are excluded by their names',
    pattern: '*.*',
    exclude: ['*.md'],
    want: ['a.txt:a.txt'],
  },
]
for (const { name, pattern, parents = false, exclude = [], want } of rows)
  t.test(name, async (t) => {
    const source = context(t, files)
    const excludes = excludeRules(exclude)
    const selected = selectSources(source, { patterns: [pattern], parents, excludes })
    const found = selected.flatMap(({ base, files: taken, parents: above }) =>
      taken.map(
        ({ path }) =>
          `${base}:${path}${above.length > 0 ? ` <${above.map(({ relative }) => relative).join(',')}` : ''}`,
      ),
    )
    t.strictSame(found, want)
  })

const refused: { name: string; pattern: string; code: string }[] = [
  { name: 'what is not there', pattern: 'missing', code: 'NOT_FOUND' },
  { name: 'a wildcard without a match', pattern: '*.none', code: 'NOT_FOUND' },
  { name: 'a path that climbs out', pattern: '../a.txt', code: 'INVALID_ARGUMENT' },
  { name: 'one that does so later', pattern: 'dir/../../a.txt', code: 'INVALID_ARGUMENT' },
  { name: 'a link that leads out', pattern: 'up/passwd', code: 'NOT_FOUND' },
  { name: 'a malformed pattern', pattern: 'a[', code: 'INVALID_ARGUMENT' },
  { name: 'a file on the way', pattern: 'a.txt/b', code: 'INVALID_ARGUMENT' },
]
for (const { name, pattern, code } of refused)
  t.test(`refuses ${name}`, async (t) => {
    const source = context(t, files)
    t.throws(() => selectSources(source, { patterns: [pattern], parents: false }), { code })
  })

t.test('.dockerignore leaves files out, and brings some back', async (t) => {
  const all = (source: FileSource): string[] =>
    selectSources(source, { patterns: ['.'], parents: false }).flatMap(({ files: taken }) =>
      taken.map(({ path }) => path),
    )
  const plain = { ignores: (path: string) => /^dir|\.md$/.test(path), hasExceptions: false }
  t.strictSame(all(context(t, files, plain)), [
    '',
    'a.txt',
    'abs',
    'link',
    'up',
    'x',
    'x/y',
    'x/y/z',
    'x/y/z/f.txt',
  ])
  const kept = new Set(['dir/sub/d.txt'])
  const exceptions = {
    ignores: (path: string) => path !== '' && !kept.has(path),
    hasExceptions: true,
  }
  const source = context(t, files, exceptions)
  t.strictSame(all(source), ['', 'dir', 'dir/sub', 'dir/sub/d.txt'])
  t.throws(() => selectSources(context(t, files, plain), { patterns: ['b.md'], parents: false }), {
    code: 'NOT_FOUND',
  })
})
