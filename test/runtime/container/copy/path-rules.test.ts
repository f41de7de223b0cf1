import t from 'tap'
import {
  type CopyPlan,
  type CopySource,
  type CopyTarget,
  planCopy,
  sourceName,
} from '../../../../runtime/container/copy/path-rules.ts'

interface Row {
  readonly title: string
  readonly source: CopySource
  readonly target: CopyTarget
}

const file = (path: string): CopySource => ({ path, isFolder: false })
const folder = (path: string): CopySource => ({ path, isFolder: true })

// Each row is a sentence of docker's documentation of cp.
const planned: (Row & { readonly plan: CopyPlan })[] = [
  {
    title: 'a file, destination missing: saved under the name of the destination',
    source: file('/a/f'),
    target: { path: '/b/g', kind: 'missing' },
    plan: { into: 'parent' },
  },
  {
    title: 'a file onto a file: it is replaced',
    source: file('/a/f'),
    target: { path: '/b/g', kind: 'file' },
    plan: { into: 'parent' },
  },
  {
    title: 'a file into a folder: under its own name',
    source: file('/a/f'),
    target: { path: '/b', kind: 'folder' },
    plan: { into: 'target', name: 'f' },
  },
  {
    title: 'a folder, destination missing: created with the contents of the source',
    source: folder('/a/d'),
    target: { path: '/b/new', kind: 'missing' },
    plan: { into: 'parent' },
  },
  {
    title: 'a folder, destination missing with a slash: the same',
    source: folder('/a/d'),
    target: { path: '/b/new/', kind: 'missing' },
    plan: { into: 'parent' },
  },
  {
    title: 'a folder into a folder: under its own name',
    source: folder('/a/d'),
    target: { path: '/b', kind: 'folder' },
    plan: { into: 'target', name: 'd' },
  },
  {
    title: 'a slash at the end of the source changes nothing',
    source: folder('/a/d/'),
    target: { path: '/b', kind: 'folder' },
    plan: { into: 'target', name: 'd' },
  },
  {
    title: '"/." at the end of the source: its content alone',
    source: folder('/a/d/.'),
    target: { path: '/b', kind: 'folder' },
    plan: { into: 'target', name: '' },
  },
  {
    title: 'the root of a container: its content alone',
    source: folder('/'),
    target: { path: '/b', kind: 'folder' },
    plan: { into: 'target', name: '' },
  },
]

for (const { title, source, target, plan } of planned)
  t.test(title, async (t) => t.same(planCopy(source, target), plan))

const refused: (Row & { readonly code: string })[] = [
  {
    title: 'a file to a missing folder: the folder must exist',
    source: file('/a/f'),
    target: { path: '/b/new/', kind: 'missing' },
    code: 'NOT_FOUND',
  },
  {
    title: 'a file to "/." of a missing folder: the same',
    source: file('/a/f'),
    target: { path: '/b/new/.', kind: 'missing' },
    code: 'NOT_FOUND',
  },
  {
    title: 'a folder onto a file',
    source: folder('/a/d'),
    target: { path: '/b/g', kind: 'file' },
    code: 'INVALID_ARGUMENT',
  },
]

for (const { title, source, target, code } of refused)
  t.test(`refuses ${title}`, async (t) => t.throws(() => planCopy(source, target), { code }))

const names: readonly (readonly [path: string, name: string])[] = [
  ['/a/b', 'b'],
  ['/a/b/', 'b'],
  ['/a/b/..', 'a'],
  ['/a/b/.', ''],
  ['.', ''],
  ['/', ''],
  ['relative', 'relative'],
]

for (const [path, name] of names)
  t.test(`the name of ${path} in a copy`, async (t) => t.equal(sourceName(path), name))
