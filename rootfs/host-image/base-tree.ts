import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { addProgram, type Collection } from './add-program.ts'
import { loadedLibraries, terminals } from './curated-programs.ts'
import { type FileTree, addFolder, addHostPath, addHostTree, addText } from './file-tree.ts'
import { builtInFolders, configuredFolders } from './find-library.ts'

export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const passwd = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`
const group = `root:x:0:
daemon:x:1:
bin:x:2:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
www-data:x:33:
users:x:100:
nogroup:x:65534:
`
const nsswitch = `passwd:   files
group:    files
shadow:   files
hosts:    files dns
networks: files
services: files
`

/** An empty collection with the host's top-level layout: /bin is a link where it is one there. */
export function newCollection(isExcluded: (path: string) => boolean = () => false): Collection {
  const tree: FileTree = new Map()
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']) {
    const path = `/${name}`
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) addHostPath(tree, path)
  }
  for (const path of ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/local/bin', '/usr/local/sbin'])
    addFolder(tree, path)
  return {
    tree,
    configured: configuredFolders(),
    done: new Set(),
    missing: new Set(),
    isExcluded,
    needsLoaderCache: false,
  }
}

/** Folders, accounts, name service: what any program expects around it. */
export function addSurroundings(collection: Collection): void {
  const { tree } = collection
  for (const path of ['/dev', '/proc', '/sys', '/run', '/home', '/mnt', '/opt', '/srv', '/etc'])
    addFolder(tree, path)
  for (const path of ['/var/lib', '/var/log', '/var/cache', '/var/spool']) addFolder(tree, path)
  addFolder(tree, '/root', 0o700)
  addFolder(tree, '/tmp', 0o1777)
  addFolder(tree, '/var/tmp', 0o1777)
  if (!tree.has('/var/run')) tree.set('/var/run', { kind: 'symlink', target: '../run' })
  addText(tree, '/etc/passwd', passwd)
  addText(tree, '/etc/group', group)
  addText(tree, '/etc/nsswitch.conf', nsswitch)
  addText(tree, '/etc/hosts', '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n')
  addText(tree, '/etc/shells', '/bin/sh\n/bin/bash\n')
  for (const path of ['/etc/services', '/etc/protocols', '/etc/os-release']) addHostPath(tree, path)
  for (const name of loadedLibraries) addLoaded(collection, name)
  if (existsSync('/usr/lib/locale/C.utf8')) addHostTree(tree, '/usr/lib/locale/C.utf8')
}

function addLoaded(collection: Collection, name: string): void {
  for (const folder of builtInFolders)
    if (addProgram(collection, join(folder, name)) !== undefined) return
}

/** Terminal descriptions and certificates: for people at a shell, and for curl. */
export function addShellComforts(collection: Collection): void {
  for (const folder of ['/lib/terminfo', '/usr/share/terminfo', '/etc/terminfo'])
    for (const name of terminals)
      addHostPath(collection.tree, `${folder}/${name.slice(0, 1)}/${name}`)
  addHostPath(collection.tree, '/etc/ssl/certs/ca-certificates.crt')
  addHostPath(collection.tree, '/usr/share/zoneinfo/Etc/UTC')
}

/** The loader's cache, where a library is found only with it; call this last. */
export function addLoaderCache(collection: Collection): void {
  if (!collection.needsLoaderCache) return
  addHostPath(collection.tree, '/etc/ld.so.cache')
  addHostPath(collection.tree, '/etc/ld.so.conf')
  addHostTree(collection.tree, '/etc/ld.so.conf.d')
}
