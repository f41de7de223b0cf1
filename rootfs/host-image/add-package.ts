import { lstatSync, readFileSync } from 'node:fs'
import { type Collection, addProgram } from './add-program.ts'
import { familyName, type HostPackage } from './debian-package.ts'
import { addHostPath, addHostTree } from './file-tree.ts'

/**
 * Add what a program needs of its package beside the program: configuration, modules, shared
 * data, and the (empty) folders for state and logs. Documentation and state stay behind.
 */
export function addPackageFiles(collection: Collection, hostPackage: HostPackage): void {
  const family = familyName(hostPackage.name)
  for (const path of hostPackage.paths) {
    if (collection.isExcluded(path)) continue
    const role = packagePathRole(path, family)
    if (role === 'configuration') addConfiguration(collection, path, family)
    else if (role === 'file') addAny(collection, path)
    else if (role === 'folder' && lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
      addHostPath(collection.tree, path)
  }
}

/** Part that a path of a package plays in an image; pure. */
export function packagePathRole(
  path: string,
  family: string,
): 'configuration' | 'file' | 'folder' | 'nothing' {
  const shared = /^\/usr\/(?:share|lib|libexec)\/(?:[^/]+-linux-gnu\/)?([^/]+)/.exec(path)?.[1]
  if (path.startsWith('/etc/')) return startupFile(path) ? 'nothing' : 'configuration'
  if (shared !== undefined) return shared.startsWith(family) ? 'file' : 'nothing'
  const state = /^\/var\/(?:lib|log|cache|spool)\/([^/]+)/.exec(path)?.[1]
  return state?.startsWith(family) ? 'folder' : 'nothing'
}

/** What only a host's own init, log rotation or firewall reads. */
function startupFile(path: string): boolean {
  return /^\/etc\/(?:init\.d|init|systemd|logrotate\.d|cron\.[a-z]+|ufw|default|apparmor\.d|pam\.d)\//.test(
    path,
  )
}

/** The whole folder of the family's own: installation scripts put links there that no package lists. */
function addConfiguration(collection: Collection, path: string, family: string): void {
  const own = /^\/etc\/([^/]+)$/.exec(path)?.[1]
  const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  if (own?.startsWith(family) && isFolder) addHostTree(collection.tree, path)
  else if (!isFolder) addHostPath(collection.tree, path)
}

/** Modules are ELF files with needs of their own. */
function addAny(collection: Collection, path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status?.isFile() && isElf(path)) addProgram(collection, path)
  else addHostPath(collection.tree, path)
}

function isElf(path: string): boolean {
  try {
    return readFileSync(path).subarray(0, 4).toString('latin1') === '\x7fELF'
  } catch {
    return false
  }
}
