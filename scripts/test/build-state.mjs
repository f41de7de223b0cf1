import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const sourceFolders = ['native', 'runtime', 'rootfs', 'orchestrator', 'scripts']
const sourceFiles = ['package.json', 'package-lock.json']

/** @param {string} folder @returns {string[]} paths of the files below, relative to the root */
export function listFiles(root, folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .toSorted()
}

/**
 * Why dist/ has to be built before the tests, or undefined when it is up to date. The reference
 * is what a build writes first: a source changed during the build is still seen as newer.
 *
 * @param {string} root the checkout
 */
export function findStaleness(root) {
  const first = join(root, 'dist/libmycontainer-ffi.so')
  if (!existsSync(first)) return 'dist/ is missing'
  const builtAt = statSync(first).mtimeMs
  const sources = sourceFolders
    .flatMap((folder) => listFiles(root, folder))
    .filter((path) => !path.startsWith('scripts/test'))
  const newer = [...sources, ...sourceFiles].find(
    (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs > builtAt,
  )
  return newer && `${newer} is newer than dist/`
}
