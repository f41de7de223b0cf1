import { execFileSync } from 'node:child_process'
import { lstatSync } from 'node:fs'

interface InstalledPackage {
  readonly name: string
  readonly isEssential: boolean
  /** Each element is a list of alternatives. */
  readonly depends: readonly (readonly string[])[]
  readonly provides: readonly string[]
}

function parseNames(list: string): string[][] {
  return list
    .split(',')
    .map((group) => group.split('|').map((name) => name.trim().replace(/[\s:(].*/, '')))
    .filter(([first]) => first)
}

function readInstalledPackages(): InstalledPackage[] {
  const fields = ['Package', 'Essential', 'Depends', 'Pre-Depends', 'Provides', 'db:Status-Status']
  const format = `${fields.map((field) => `\${${field}}`).join('\t')}\n`
  const text = execFileSync('dpkg-query', ['-W', '-f', format], { encoding: 'utf8' })
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((columns) => columns[5] === 'installed')
    .map(([name = '', essential, depends = '', preDepends = '', provides = '']) => ({
      name,
      isEssential: essential === 'yes',
      depends: [...parseNames(depends), ...parseNames(preDepends)],
      provides: parseNames(provides).flat(),
    }))
}

/** The wanted and the essential packages with all that they depend on, as installed here. */
function resolvePackages(wanted: readonly string[]): string[] {
  const installed = readInstalledPackages()
  const byName = new Map<string, InstalledPackage>()
  for (const each of installed) for (const name of each.provides) byName.set(name, each)
  for (const each of installed) byName.set(each.name, each)
  const essential = installed.filter(({ isEssential }) => isEssential).map(({ name }) => name)
  const chosen = new Set<InstalledPackage>()
  const queue: (readonly string[])[] = [...essential, ...wanted].map((name) => [name])
  for (const alternatives of queue) {
    const found = alternatives.map((name) => byName.get(name)).find((each) => each !== undefined)
    if (!found || chosen.has(found)) continue
    chosen.add(found)
    queue.push(...found.depends)
  }
  return [...chosen].map(({ name }) => name)
}

const unneeded = /^\/usr\/share\/(doc|man|locale|info|lintian|bug|zoneinfo)\//
const aliases = /^\/(bin|sbin|lib|lib32|lib64|libx32)\// // links into /usr since Debian 12

/**
 * Every file, link and special file of the essential Debian packages, of the wanted ones and of
 * what they depend on, as this host has them: no network, and the same versions as here.
 *
 * @returns absolute paths below /usr, /etc, …; no folders, no documentation
 */
export function listPackageFiles(wanted: readonly string[]): string[] {
  const names = resolvePackages(wanted)
  const listing = execFileSync('dpkg', ['-L', ...names], { encoding: 'utf8', maxBuffer: 2 ** 27 })
  const paths = listing
    .split('\n')
    .filter((line) => line.startsWith('/') && !unneeded.test(line))
    .map((path) => path.replace(aliases, '/usr/$1/'))
  return [...new Set(paths)].filter((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found !== undefined && !found.isDirectory()
  })
}
