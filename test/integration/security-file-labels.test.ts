import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { getAttributeOfPath } from '../../native/xattr.ts'
import { containerFolderAt } from '../../runtime/container/container-folder.ts'
import { defaultOptions } from '../../runtime/container/default-options.ts'
import { labelFiles } from '../../runtime/container/label-files.ts'
import { plainMount } from '../../runtime/container/mount-spec.ts'
import type { ResolvedMount } from '../../runtime/container/record.ts'

// Needs root: attributes of the security namespace. A kernel without SELinux keeps them as it keeps others.

const label = 'system_u:object_r:container_file_t:s0:c1,c2'
const shared = 'system_u:object_r:container_file_t:s0'

const read = (path: string): string => {
  const value = getAttributeOfPath(path, 'security.selinux')
  return typeof value === 'number' ? 'none' : value.toString().replace('\0', '')
}

t.test('files of the engine, volumes and binds that say so; links lead nowhere', async (t) => {
  const base = t.testdir({
    bind: { deep: { file: '' } },
    own: {},
    plain: {},
    volume: { file: '' },
    outside: { secret: '' },
  })
  const at = (...names: string[]): string => join(base, ...names)
  symlinkSync(at('outside'), at('bind/link'))
  const folder = containerFolderAt(at('container'))
  mkdirSync(folder.state, { recursive: true })
  for (const path of [folder.hostname, folder.hosts]) writeFileSync(path, '')
  const options = {
    ...defaultOptions('i'),
    mounts: [
      { ...plainMount('bind', '/bind'), relabel: 'shared' as const },
      { ...plainMount('bind', '/own'), relabel: 'private' as const },
      plainMount('bind', '/plain'),
    ],
  }
  const mount = (type: 'bind' | 'volume', name: string): ResolvedMount => ({
    type,
    source: at(name),
    destination: `/${name}`,
    readWrite: true,
    propagation: '',
    anonymous: false,
  })
  const mounts = [
    mount('bind', 'bind'),
    mount('bind', 'own'),
    mount('bind', 'plain'),
    mount('volume', 'volume'),
  ]
  labelFiles(folder, options, mounts, label)
  for (const path of [folder.state, folder.hostname, folder.hosts, at('own')])
    t.equal(read(path), label, path)
  for (const path of ['bind', 'bind/deep/file', 'bind/link', 'volume/file'])
    t.equal(read(at(path)), shared, path)
  for (const path of ['plain', 'outside', 'outside/secret']) t.equal(read(at(path)), 'none', path)
})

t.test('folders that the host itself lives on are not labelled', async (t) => {
  for (const source of ['/', '/etc', '/usr', '/home', '/lib64'])
    t.throws(
      () =>
        labelFiles(
          containerFolderAt('/nonexistent'),
          { ...defaultOptions('i'), mounts: [{ ...plainMount('bind', '/x'), relabel: 'private' }] },
          [
            {
              type: 'bind',
              source,
              destination: '/x',
              readWrite: true,
              propagation: '',
              anonymous: false,
            },
          ],
          label,
        ),
      { code: 'INVALID_ARGUMENT' },
      source,
    )
})
