import { join } from 'node:path'
import t from 'tap'
import { requireStateRoot, requireUserFolders } from '../../native/state-root.ts'

const folder = t.testdir({ file: '' })

const refused = [
  { title: 'a file', root: join(folder, 'file') },
  { title: 'below a file', root: join(folder, 'file/root') },
  { title: 'below /proc', root: '/proc/no/such' },
]

for (const { title, root } of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.throws(() => requireStateRoot(root), { code: 'INVALID_ARGUMENT', detail: { root } })
  })

const allowed = [
  { title: 'a folder', root: folder },
  { title: 'a folder that can be made', root: join(folder, 'a/b') },
]

for (const { title, root } of allowed)
  t.test(title, async (t) => {
    t.doesNotThrow(() => requireStateRoot(root))
  })

t.test('folders of an ordinary user are folders that can be made', async (t) => {
  const runDir = join(folder, 'run')
  requireUserFolders({ dataDir: join(folder, 'home/.local/share'), runDir })
  const below = join(folder, 'file/below')
  const detail = { folder: below }
  for (const folders of [
    { dataDir: below, runDir },
    { dataDir: runDir, runDir: below },
  ])
    t.throws(() => requireUserFolders(folders), { code: 'INVALID_ARGUMENT', detail })
})
