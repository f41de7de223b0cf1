import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }

/** @param {string} name */
function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], {
    encoding: 'utf8',
  })
  return query.stdout === 'installed'
}

/**
 * A program that may have come from elsewhere, in a package that Debian's own would collide with.
 * @typedef {{ program: string, package: string }} ProgramPackage
 */

/** @param {string | ProgramPackage} wanted @returns {string[]} the package to install, where it is missing */
function missingPackage(wanted) {
  if (typeof wanted === 'string') return isInstalled(wanted) ? [] : [wanted]
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, wanted.program))) ? [] : [wanted.package]
}

/** @param {string[]} names */
function tryInstall(names) {
  const result = spawnSync(
    'apt-get',
    ['install', '-y', '-q', '--no-install-recommends', ...names],
    {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    },
  )
  return result.status === 0 ? undefined : `${result.stdout}${result.stderr}`
}

/**
 * Install those of the Debian packages that are missing; does nothing, quickly, when none is.
 * The package lists are fetched only when apt does not know a name or a file has moved.
 *
 * @param {(string | ProgramPackage)[]} names
 * @throws {Error} not root, no apt, or apt refused: says which packages and what apt printed
 */
export function ensurePackages(names) {
  const missing = [...new Set(names.flatMap(missingPackage))]
  if (missing.length === 0) return
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0) throw new Error(`packages are missing; as root: ${command}`)
  process.stdout.write(`# installing ${missing.join(', ')}\n`)
  if (tryInstall(missing) === undefined) return
  execFileSync('apt-get', ['update', '-q'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const output = tryInstall(missing)
  if (output !== undefined) throw new Error(`${command} failed:\n${output}`)
}
