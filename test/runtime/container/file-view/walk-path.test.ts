import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFlags } from '../../../../native/file.ts'
import { openRoot } from '../../../../rootfs/path-in-root.ts'
import type { FileView } from '../../../../runtime/container/file-view/file-view.ts'
import { viewOf } from '../../../../runtime/container/file-view/host-view.ts'
import { walkPath } from '../../../../runtime/container/file-view/walk-path.ts'

const base = t.testdir({ outside: { secret: 'host' }, volume: { inside: 'volume' } })
const root = join(base, 'root')
mkdirSync(join(root, 'run/lock'), { recursive: true })
mkdirSync(join(root, 'var'))
mkdirSync(join(root, 'data'))
writeFileSync(join(root, 'run/pid'), '1')
const links = {
  'var/run': '/run',
  'var/relative': '../run',
  'var/climb': '../../../../../../run/pid',
  'var/dangling': '/run/new',
  'var/loop': 'loop',
  'var/outside': join(base, 'outside/secret'),
  'var/magic': '/proc/self/root/etc/passwd',
  'var/data': '/data',
}
for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name))

const openVolume = (): number => openSync(join(base, 'volume'), openFlags.path)

function openView(): FileView {
  return {
    ...viewOf(openRoot(root).descriptor),
    mounts: [{ destination: '/data', isWritable: false, open: openVolume }],
  }
}

interface Row {
  readonly title: string
  readonly path: string
  readonly leads: string
  readonly exists?: boolean
  readonly follow?: boolean
}

const rows: readonly Row[] = [
  { title: 'the root', path: '/', leads: '/' },
  { title: 'a plain path', path: '/run/pid', leads: '/run/pid' },
  { title: 'doubled slashes and dots', path: '//run/./lock/../pid', leads: '/run/pid' },
  { title: 'no way above the root', path: '/../../run/pid', leads: '/run/pid' },
  { title: 'an absolute link begins at the root', path: '/var/run/pid', leads: '/run/pid' },
  { title: 'a relative link', path: '/var/relative/pid', leads: '/run/pid' },
  { title: 'a link that climbs too far ends in the root', path: '/var/climb', leads: '/run/pid' },
  {
    title: 'a link at the end that is not followed',
    path: '/var/run',
    leads: '/var/run',
    follow: false,
  },
  { title: 'a slash follows it all the same', path: '/var/run/', leads: '/run', follow: false },
  { title: 'a missing file', path: '/run/none', leads: '/run/none', exists: false },
  { title: 'a link to nothing', path: '/var/dangling', leads: '/run/new', exists: false },
  { title: 'a folder of a volume', path: '/data/inside', leads: '/data/inside' },
  { title: 'a volume by a link', path: '/var/data/inside', leads: '/data/inside' },
  { title: 'out of a volume again', path: '/data/../run/pid', leads: '/run/pid' },
]

for (const { title, path, leads, exists = true, follow = true } of rows)
  t.test(title, async (t) => {
    const view = openView()
    t.teardown(() => view.close())
    const place = walkPath(view, path, follow)
    t.teardown(() => place.close())
    t.equal(place.path, leads)
    t.equal(place.file !== undefined, exists)
    t.equal(place.isWritable, !leads.startsWith('/data'))
  })

const refused: readonly (readonly [title: string, path: string, code: string])[] = [
  ['a missing folder on the way', '/none/file', 'NOT_FOUND'],
  ['a path through a file', '/run/pid/x', 'INVALID_ARGUMENT'],
  ['a file with a slash', '/run/pid/', 'INVALID_ARGUMENT'],
  ['a link to itself', '/var/loop', 'INVALID_ARGUMENT'],
  ['a link to the host', '/var/outside', 'NOT_FOUND'],
  ['a magic link of /proc, which is text here', '/var/magic', 'NOT_FOUND'],
]

for (const [title, path, code] of refused)
  t.test(`refuses ${title}`, async (t) => {
    const view = openView()
    t.teardown(() => view.close())
    t.throws(() => walkPath(view, path, true), { code })
  })

t.test('the descriptor is the file that was found, whatever takes its name', async (t) => {
  const view = openView()
  t.teardown(() => view.close())
  const place = walkPath(view, '/data/inside', true)
  t.teardown(() => place.close())
  const file = openSync(`/proc/self/fd/${place.file ?? -1}`, 'r')
  t.teardown(() => closeSync(file))
  t.equal(readFileSync(file, 'utf8'), 'volume')
})
